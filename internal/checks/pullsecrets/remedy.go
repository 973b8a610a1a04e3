package pullsecrets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// maxListed is how many namespaces are written out in values.
const maxListed = 20

// values are what to set in the configuration, so that all namespaces that need it
// are derived in, as well as those that it lists already. What else it has there stays.
func (j *judgement) values() string {
	list := append(slices.Clone(j.Config.PullSecrets.Namespaces), j.derive...)
	slices.Sort(list)
	list = slices.Compact(list)
	text := "[" + strings.Join(list, ", ") + "]"
	if len(list) > maxListed || j.Config.PullSecrets.All() {
		text = `["*"]`
	}
	if mint := j.Config.PullSecrets.Mint; len(mint) > 0 {
		text += ", mint: [" + strings.Join(mint, ", ") + "]"
	}
	if name := j.Config.PullSecrets.BreakGlass; name != "" {
		text += ", breakGlass: " + name
	}
	return fmt.Sprintf("pullSecrets: {mode: %s, namespaces: %s}", config.PullSecretsDerive, text)
}

// deriveRemedy tells how Secrets for the own hosts of these instances come to be used. A
// Secret has one user for each host, so that two instances take two.
func (j *judgement) deriveRemedy(u use, covers []cover) string {
	if u.kind != written {
		return "set " + j.values() + ", and new pods are given a companion of each for the shared endpoint"
	}
	return "name the images by a source host, so that the webhook rewrites the pods and attaches companions; or list one Secret for the shared endpoint with the user of each of them, such as by " +
		j.create(u, covers[0].instance.Name, u.endpoint)
}

// createRemedy tells how to make a Secret for an instance that has none. Derived says that
// other Secrets of these pods wait for the mode Derive.
func (j *judgement) createRemedy(u use, c cover, derived bool) string {
	host := u.endpoint
	if u.kind != written && (derived || j.attaches(u)) {
		host = c.instance.InternalEndpoint
	}
	return j.create(u, c.instance.Name, host)
}

func (j *judgement) create(u use, name, host string) string {
	return fmt.Sprintf("kubectl create secret docker-registry pull-%s --namespace %s --docker-server=%s --docker-username=USER --docker-password=PASSWORD, and add it %s",
		name, u.namespace, host, place(u))
}

// place is where pods list what they are to have. A ServiceAccount's list is filled in where
// a pod's own is empty only, and when it is made.
func place(u use) string {
	if u.listed == "" {
		return "to imagePullSecrets of the ServiceAccount " + u.account + ", and make these pods anew"
	}
	return "where these pods have their imagePullSecrets from (their template, or the ServiceAccount " + u.account + "), and make them anew"
}

// breakGlassRemedy names the other way, where the webhook attaches Secrets.
func (j *judgement) breakGlassRemedy(u use) string {
	switch name := j.Config.PullSecrets.BreakGlass; {
	case !j.attaches(u):
		return ""
	case name != "":
		return ", or make the Secret " + name + " in " + u.namespace + ", which pullSecrets.breakGlass names"
	default:
		return ", or name one in pullSecrets.breakGlass"
	}
}
