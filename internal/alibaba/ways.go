package alibaba

import (
	"net/netip"
	"slices"
)

// Endpoint gives the way of a type, internet or vpc; false where there is none.
func (i Instance) Endpoint(kind string) (Endpoint, bool) {
	for _, e := range i.Endpoints {
		if e.Type == kind {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Carries tells whether the instance has a custom domain, at any of its endpoints.
func (i Instance) Carries(domain string) bool {
	return slices.ContainsFunc(i.Endpoints, func(e Endpoint) bool { return slices.Contains(e.Custom, domain) })
}

// Limited tells whether a list decides who is let in. An empty one lets in
// everybody: https://help.aliyun.com/zh/terraform/alicloud-cr-endpoint-acl-service.
func (e Endpoint) Limited() bool { return e.Restricted && len(e.ACL) > 0 }

// Admits tells whether the list lets in an address. An entry that is no address
// and no prefix lets in nobody.
func (e Endpoint) Admits(addr netip.Addr) bool {
	return !e.Limited() || slices.ContainsFunc(e.ACL, func(entry string) bool {
		if prefix, err := netip.ParsePrefix(entry); err == nil {
			return prefix.Contains(addr.Unmap())
		}
		single, err := netip.ParseAddr(entry)
		return err == nil && single == addr.Unmap()
	})
}
