package config_test

import (
	"testing"

	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestWhatPullSecretsCover(t *testing.T) {
	listed := []string{"shop", "batch"}
	for sentence, test := range map[string]struct {
		settings      config.PullSecrets
		covers, mints map[string]bool
	}{
		"a listed namespace": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: listed, Mint: []string{"shop"}},
			map[string]bool{"shop": true, "batch": true, "other": false, "": false, "*": false},
			map[string]bool{"shop": true, "batch": false, "other": false},
		},
		"all but Kubernetes' own": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"*"}, Mint: []string{"shop", "kube-system"}},
			map[string]bool{"shop": true, "other": true, "kube-system": false},
			map[string]bool{"shop": true, "other": false, "kube-system": false},
		},
		"no tokens where they are only checked": {
			config.PullSecrets{Mode: config.PullSecretsCheck, Namespaces: listed, Mint: listed},
			map[string]bool{"shop": true, "other": false},
			map[string]bool{"shop": false},
		},
		"nothing where they are off": {
			config.PullSecrets{Mode: config.PullSecretsOff, Namespaces: []string{"*"}, Mint: listed},
			map[string]bool{"shop": false, "kube-system": false},
			map[string]bool{"shop": false},
		},
		"no token for a namespace that isn't covered": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: listed, Mint: []string{"other"}},
			nil, map[string]bool{"other": false},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			for namespace, want := range test.covers {
				if got := test.settings.Covers(namespace); got != want {
					t.Errorf("%q is covered: %t, want %t", namespace, got, want)
				}
			}
			for namespace, want := range test.mints {
				if got := test.settings.Mints(namespace); got != want {
					t.Errorf("%q is given tokens: %t, want %t", namespace, got, want)
				}
			}
		})
	}
}
