package config

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// validateSources checks that every host leads to one endpoint, and none from endpoint to endpoint.
func validateSources(path *field.Path, e Endpoint, endpoints, hosts places) field.ErrorList {
	var errs field.ErrorList
	claim := func(p *field.Path, host string) {
		key := strings.ToLower(host)
		if why := refused(key, endpoints); why != "" {
			errs = append(errs, field.Invalid(p, host, why))
			return
		}
		errs = append(errs, hosts.claim(p, key, "a host can belong to one endpoint and one instance only")...)
	}
	for i, instance := range e.Instances {
		p := path.Child("instances").Index(i)
		for _, host := range []struct{ key, name string }{
			{"publicEndpoint", instance.PublicEndpoint}, {"internalEndpoint", instance.InternalEndpoint},
		} {
			if !isHostName(host.name) {
				errs = append(errs, field.Invalid(p.Child(host.key), host.name, "must be the instance's host name, lowercase, without scheme, port and final dot, and no IP address"))
				continue
			}
			claim(p.Child(host.key), host.name)
		}
	}
	for i, source := range e.Rewrite.ExtraSources {
		p := path.Child("rewrite", "extraSources").Index(i)
		if !isRegistryHost(source) {
			errs = append(errs, field.Invalid(p, source, "must be a registry host or host:port, without scheme and path"))
			continue
		}
		claim(p, source)
	}
	return errs
}

// refused says why a host, in lowercase, can't be a source.
func refused(host string, endpoints places) string {
	name, _, _ := strings.Cut(host, ":")
	at, loop := endpoints[host]
	switch {
	case loop:
		return fmt.Sprintf("is a shared endpoint itself (%s), so rewriting would go in a circle: write the instance's own host", at)
	case under(name, "ack.aliyuncs.com"):
		return "serves the system images of ACK, which must not depend on a failover: remove it"
	case name == "docker.io" || name == "index.docker.io":
		return "is Docker Hub, where docker.io/nginx means library/nginx, so that with another host it would name another repository: remove it"
	}
	return ""
}

// isHostName says whether the text is a DNS name of two labels or more, as endpoints and instances have.
func isHostName(s string) bool {
	_, notAnAddress := netip.ParseAddr(s)
	return zone.IsDNSName(s) && strings.Contains(s, ".") && notAnAddress != nil
}

// isRegistryHost says whether an image reference may begin with the text. Docker
// Hub's names count, although the parser puts one for another.
func isRegistryHost(s string) bool {
	named, err := reference.ParseNormalizedNamed(s + "/repository")
	return err == nil && (reference.Domain(named) == s || s == "index.docker.io")
}
