package network

import (
	"context"
	"fmt"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// identity tells whether each instance answers as itself.
func (s *survey) identity(context.Context) []finding {
	known := map[string]map[string]config.Instance{} // by endpoint and ID
	for _, e := range s.endpoints {
		known[e.Name] = map[string]config.Instance{}
		for _, i := range e.Instances {
			known[e.Name][i.ID] = i
		}
	}
	return s.each(func(w *way) []finding {
		if w.result.Answer == nil {
			return nil
		}
		return []finding{w.identity(known[w.endpoint])}
	})
}

// identity judges by the instances of the endpoint, by their IDs.
func (w *way) identity(known map[string]config.Instance) finding {
	who := w.result.Answer.Instance
	instance, ours := known[who.ID]
	text := "answers as " + who.ID
	switch {
	case who == (health.Identity{}):
		return w.says(checks.Unknown, "answers without naming an instance",
			"look whether something stands in front of it, such as a proxy: an ACR Enterprise Edition instance names itself")
	case !ours:
		return w.breaks(text+" in "+who.Region+", which is no instance of the configuration", w.foreign())
	case w.instance.Name != "" && instance.Name != w.instance.Name:
		return w.breaks(fmt.Sprintf("%s, which is %s, not as %s", text, instance.Name, w.instance.ID), w.foreign())
	case who.Region != instance.Region:
		return w.says(checks.Warning, fmt.Sprintf("%s in %s, and the configuration says %s", text, who.Region, instance.Region),
			"correct the region in the configuration")
	}
	return w.says(checks.OK, text+", "+instance.Name, "")
}

// foreign is what to do where another instance answers.
func (w *way) foreign() string {
	if w.instance.Name == "" {
		return "correct the record in PrivateZone or in the hosts file of this host: pulls go to that instance now"
	}
	return "correct the instance's id, publicEndpoint or internalAddresses in the configuration"
}
