package config

import "time"

// defaultTTL is the lowest that PrivateZone offers.
const defaultTTL = 5 * time.Second

// Default is the configuration before a file is read into it: every key that
// may be left out has its default here, but for the endpoints' TTL of 5 s.
func Default() *Config {
	return &Config{
		Cluster:     Cluster{Domain: "cluster.local"},
		Admission:   Admission{Enforcement: Enforce},
		PrivateZone: PrivateZone{Source: VPCDNS},
		Node:        Node{Hosts: HostsOnFailover},
		PullSecrets: PullSecrets{Mode: PullSecretsOff},
		Credentials: Credentials{Provider: ProviderNone},
		Health: Health{
			Interval: Duration{Duration: 5 * time.Second},
			Timeout:  Duration{Duration: 2 * time.Second},
			Slow:     Duration{Duration: 5 * time.Second},
			Failures: 3, Successes: 3,
		},
		Failover: Failover{
			Mode: Manual, Dwell: Duration{Duration: 10 * time.Minute},
			ReadyShare: 0.95, MaxPerDay: 4,
		},
	}
}

func (c *Config) defaultEndpoints() {
	for i := range c.Endpoints {
		if c.Endpoints[i].TTL == nil {
			c.Endpoints[i].TTL = &Duration{Duration: defaultTTL}
		}
	}
}
