package zone

import (
	"fmt"
	"slices"
	"strings"
)

// PrivateZone is the word of the switch that means: follow PrivateZone.
// No instance may carry it as its name.
const PrivateZone = "privatezone"

// Target is where an answer leads. The zero value follows PrivateZone.
type Target struct {
	Instance string
	Network  Network
}

// FollowsPrivateZone says that no instance was chosen.
func (t Target) FollowsPrivateZone() bool { return t.Instance == "" }

// String is the target as a word of the switch, always with its network.
func (t Target) String() string {
	if t.FollowsPrivateZone() {
		return PrivateZone
	}
	return t.Instance + "/" + string(t.Network)
}

// Words lists what the switch of this endpoint accepts as a target, in the
// configured order: privatezone, then each instance by its bare name and by
// the networks that can reach it.
func (e Endpoint) Words() []string {
	words := []string{PrivateZone}
	for _, i := range e.Instances {
		if e.reaches(i, i.Network) {
			words = append(words, i.Name)
		}
		for _, n := range []Network{Internal, Public} {
			if e.reaches(i, n) {
				words = append(words, i.Name+"/"+string(n))
			}
		}
	}
	return words
}

func (e Endpoint) parseTarget(word string) (Target, error) {
	if !slices.Contains(e.Words(), word) {
		return Target{}, fmt.Errorf("unknown target %q: one of %s", clip(word), strings.Join(e.Words(), ", "))
	}
	if word == PrivateZone {
		return Target{}, nil
	}
	name, network, explicit := strings.Cut(word, "/")
	if explicit {
		return Target{Instance: name, Network: Network(network)}, nil
	}
	instance, _ := e.Instance(name)
	return Target{Instance: name, Network: instance.Network}, nil
}
