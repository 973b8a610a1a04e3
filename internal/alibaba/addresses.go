package alibaba

import (
	"fmt"
	"net/url"
)

// Addresses are where the services answer, as host or host:port. All speak HTTPS.
type Addresses struct {
	PrivateZone string
	// STS issues the sessions of RRSA.
	STS string
	// Registry gives the address of ACR's API in a region.
	Registry func(region string) string
}

// PublicAddresses are reached over the Internet. The region is the cluster's;
// where it isn't known, STS is asked at its address for all regions.
//
// Sources: https://www.alibabacloud.com/help/en/dns/pvtz-integration-overview,
// https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-endpoint,
// and sdk/auth/credentials of the SDK for STS.
func PublicAddresses(region string) Addresses {
	sts := "sts.aliyuncs.com"
	if region != "" {
		sts = fmt.Sprintf("sts.%s.aliyuncs.com", region)
	}
	return Addresses{
		PrivateZone: "pvtz.aliyuncs.com",
		STS:         sts,
		Registry:    func(region string) string { return fmt.Sprintf("cr.%s.aliyuncs.com", region) },
	}
}

// VPCAddresses are reached from a VPC without a way to the Internet. The region
// is the cluster's.
//
// ACR's address in a VPC answers in the VPCs of its own region only, so the
// other regions' have their public address here too; a few regions have no
// address in VPCs at all.
func VPCAddresses(region string) Addresses {
	return Addresses{
		PrivateZone: "pvtz.vpc-proxy.aliyuncs.com",
		STS:         fmt.Sprintf("sts-vpc.%s.aliyuncs.com", region),
		Registry: func(of string) string {
			if of == region {
				return fmt.Sprintf("cr-vpc.%s.aliyuncs.com", of)
			}
			return fmt.Sprintf("cr.%s.aliyuncs.com", of)
		},
	}
}

// Override puts in place what the flags --pvtz-endpoint and --acr-endpoint say,
// where they aren't empty. An error names the flag.
func (a Addresses) Override(pvtz, acr string) (Addresses, error) {
	if pvtz != "" {
		address, err := ParseAddress(pvtz)
		if err != nil {
			return Addresses{}, fmt.Errorf("--pvtz-endpoint: %w", err)
		}
		a.PrivateZone = address
	}
	if acr != "" {
		address, err := ParseAddress(acr)
		if err != nil {
			return Addresses{}, fmt.Errorf("--acr-endpoint: %w", err)
		}
		a.Registry = func(string) string { return address }
	}
	return a, nil
}

// ParseAddress reads the address of a service as a flag gives it, such as
// https://pvtz.vpc-proxy.aliyuncs.com: a URL with the scheme https and nothing
// behind host and port.
func ParseAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is no address of a cloud service: write https://HOST or https://HOST:PORT", text)
	}
	return u.Host, nil
}
