package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// maxTTL is the highest that PrivateZone offers.
const maxTTL = 86400 * time.Second

func (c *Config) validateEndpoints(path *field.Path) field.ErrorList {
	if len(c.Endpoints) == 0 {
		return field.ErrorList{field.Required(path, "configure at least one shared endpoint")}
	}
	var errs field.ErrorList
	names := places{}
	for i, e := range c.Endpoints {
		p := path.Index(i)
		errs = append(errs, c.validateName(p.Child("name"), e.Name)...)
		errs = append(errs, names.claim(p.Child("name"), e.Name, "configure each endpoint once")...)
	}
	hosts := places{}
	for i, e := range c.Endpoints {
		p := path.Index(i)
		errs = append(errs, c.validateEndpoint(p, e)...)
		errs = append(errs, validateSources(p, e, names, hosts)...)
	}
	return errs
}

func (c *Config) validateName(path *field.Path, name string) field.ErrorList {
	wrong := func(why string) field.ErrorList {
		return field.ErrorList{field.Invalid(path, name, why)}
	}
	switch {
	case name == "":
		return field.ErrorList{field.Required(path, "write the custom domain that the instances share")}
	case !isHostName(name):
		return wrong("must be a lowercase DNS name of two labels or more, without port and final dot")
	case under(name, "aliyuncs.com"):
		return wrong("is under aliyuncs.com, where no custom domain can be: write the domain that you set on the instances")
	case under(name, c.Cluster.Domain):
		return wrong(fmt.Sprintf("is under the cluster's own domain %s: nodes could not resolve it", c.Cluster.Domain))
	}
	return nil
}

func (c *Config) validateEndpoint(path *field.Path, e Endpoint) field.ErrorList {
	var errs field.ErrorList
	if e.TTL.Malformed != "" || e.TTL.Duration < time.Second || e.TTL.Duration > maxTTL || e.TTL.Duration%time.Second != 0 {
		errs = append(errs, notADuration(path.Child("ttl"), *e.TTL, "5s: whole seconds from 1s to 24h"))
	}
	if len(e.Instances) < 2 {
		errs = append(errs, field.Required(path.Child("instances"), fmt.Sprintf("a failover needs two instances or more, here are %d", len(e.Instances))))
	}
	names, ids, vpcs, addresses := places{}, places{}, places{}, places{}
	for i, instance := range e.Instances {
		p := path.Child("instances").Index(i)
		errs = append(errs, c.validateInstance(p, instance, addresses)...)
		errs = append(errs, names.claim(p.Child("name"), instance.Name, "give each instance a name of its own")...)
		errs = append(errs, ids.claim(p.Child("id"), instance.ID, "configure each instance once")...)
		if c.PrivateZone.Source == API && instance.VPCID != "" && len(instance.InternalAddresses) == 0 {
			errs = append(errs, vpcs.claim(p.Child("vpcID"), instance.VPCID, "one zone can't hold two internal addresses: set internalAddresses on one of the instances")...)
		}
	}
	if _, known := names[e.Primary]; len(e.Instances) > 0 && (!known || e.Primary == "") {
		errs = append(errs, wrongPrimary(path.Child("primary"), e)...)
	}
	for _, patterns := range []struct {
		key  string
		list []string
	}{{"include", e.Rewrite.Repositories.Include}, {"exclude", e.Rewrite.Repositories.Exclude}} {
		for i, pattern := range patterns.list {
			p := path.Child("rewrite", "repositories", patterns.key).Index(i)
			if err := rewrite.CheckPattern(pattern); err != nil {
				errs = append(errs, field.Invalid(p, pattern, err.Error()))
			} else if host, _, _ := strings.Cut(pattern, "/"); e.names(host) {
				errs = append(errs, field.Invalid(p, pattern, "begins with a registry host: write the repository's path without it"))
			}
		}
	}
	return errs
}

// names says whether a host is the endpoint's own or one of its sources.
func (e Endpoint) names(host string) bool {
	hosts := append([]string{e.Name}, e.Rewrite.ExtraSources...)
	for _, i := range e.Instances {
		hosts = append(hosts, i.PublicEndpoint, i.InternalEndpoint)
	}
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func wrongPrimary(path *field.Path, e Endpoint) field.ErrorList {
	var known []string
	for _, i := range e.Instances {
		known = append(known, i.Name)
	}
	if e.Primary == "" {
		return field.ErrorList{field.Required(path, "name the instance that this cluster normally pulls from: "+list(known))}
	}
	return field.ErrorList{field.Invalid(path, e.Primary, "is no instance of this endpoint: must be "+list(known))}
}

func (c *Config) validateInstance(path *field.Path, i Instance, addresses places) field.ErrorList {
	var errs field.ErrorList
	switch {
	case i.Name == zone.PrivateZone:
		errs = append(errs, field.Invalid(path.Child("name"), i.Name, "is the switch's word for following PrivateZone: choose another name"))
	case !isLabel(i.Name):
		errs = append(errs, field.Invalid(path.Child("name"), i.Name, "must be a short name of lowercase letters, digits and hyphens"))
	}
	if !strings.HasPrefix(i.ID, "cri-") {
		errs = append(errs, field.Invalid(path.Child("id"), i.ID, "must be the ID of an ACR Enterprise Edition instance: cri-…"))
	}
	if !isLabel(i.Region) {
		errs = append(errs, field.Invalid(path.Child("region"), i.Region, "must be the ID of a region, such as cn-hangzhou"))
	}
	errs = append(errs, oneOf(path.Child("network"), i.Network, zone.Internal, zone.Public)...)
	errs = append(errs, c.validateInternal(path, i)...)
	for n, text := range i.InternalAddresses {
		p := path.Child("internalAddresses").Index(n)
		a, err := netip.ParseAddr(text)
		if err != nil {
			errs = append(errs, field.Invalid(p, text, "is no IP address: write one such as 10.1.0.10"))
			continue
		}
		if err := zone.CheckAddr(a); err != nil {
			errs = append(errs, field.Invalid(p, text, err.Error()+": write the instance's address in its VPC"))
		}
		errs = append(errs, addresses.claim(p, a.Unmap().String(), "an address leads to one instance")...)
	}
	return errs
}

// validateInternal checks that the instance's internal address can be known.
func (c *Config) validateInternal(path *field.Path, i Instance) field.ErrorList {
	switch {
	case i.Network != zone.Internal || len(i.InternalAddresses) > 0:
		return nil
	case c.PrivateZone.Source == VPCDNS:
		return field.ErrorList{field.Required(path.Child("internalAddresses"), "privateZone.source VPCDNS can't look up an internal address: fix it here, or set network to public")}
	case c.PrivateZone.Source == API && i.VPCID == "":
		return field.ErrorList{field.Required(path.Child("vpcID"), "needed to find the internal address: name the VPC whose zone holds it, or set internalAddresses")}
	}
	return nil
}
