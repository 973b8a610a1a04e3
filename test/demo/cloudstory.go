package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

const (
	standbyVPC, clusterVPC = "vpc-aaaaa", "vpc-bbbbb"
	clusterZone            = "zone-zhangjiakou"
	throttling             = "Throttling.User"
)

func introduceCloud(_ context.Context, s *stage) error {
	title(1, "Two registries, and PrivateZone's API")
	tell("No address is configured. PrivateZone has a zone %s for each VPC:", endpoint)
	gap()
	tell("zone-hangzhou     %s  @ A %s  the standby", standbyVPC, s.standby.addr)
	tell("zone-zhangjiakou  %s  @ A %s  the primary, and this cluster", clusterVPC, s.primary.addr)
	gap()
	tell("The API is test/fakecloud on 127.0.0.1: HTTPS, and each request's signature is verified.")
	return nil
}

func learn(ctx context.Context, s *stage) error {
	title(2, "The controller learns where the zones lead")
	if err := s.startController(ctx); err != nil {
		return err
	}
	_, err := s.awaitPublished(ctx, "the controller publishes both addresses", func(p published) bool {
		return p.leads(standbyVPC, s.standby.addr.String()) && p.leads(clusterVPC, s.primary.addr.String()) && p.status.PrivateZone.Target == s.primary.name
	})
	if err != nil {
		return err
	}
	answered, _ := s.cloud.count("")
	if all := len(s.cloud.Calls()); answered == 0 || answered != all {
		return fmt.Errorf("the cloud answered %d of %d calls", answered, all)
	}
	tell("After %d calls state/%s holds", answered, endpoint)
	gap()
	text, err := os.ReadFile(filepath.Join(s.dir, "state", endpoint))
	if err != nil {
		return err
	}
	quote(string(text))
	if err := s.awaitAnswer(ctx, s.primary.addr); err != nil {
		return err
	}
	gap()
	return s.pullFrom(ctx, s.primary)
}

func failOver(ctx context.Context, s *stage) error {
	title(3, fmt.Sprintf("%s dies, and the switch is thrown", s.primary.name))
	if err := s.primary.Close(); err != nil {
		return err
	}
	if err := s.throwAndTell(ctx, s.standby.name, s.standby); err != nil {
		return err
	}
	tell("%s is what PrivateZone said of %s.", s.standby.addr, s.standby.name)
	return s.pullFrom(ctx, s.standby)
}

// throwAndTell throws the switch to an instance, whose address comes into the hosts file.
func (s *stage) throwAndTell(ctx context.Context, word string, to *registryServer) error {
	times, err := s.throw(ctx, word, to.addr, true)
	if err != nil {
		return err
	}
	tell("echo %s > switch/%s", word, endpoint)
	gap()
	tell("first switched DNS answer after %s, hosts file after %s: %s", millis(times.answer), millis(times.hosts), to.addr)
	return nil
}

func editByHand(ctx context.Context, s *stage) error {
	title(4, "Somebody edits the record in PrivateZone, by the manual procedure")
	if _, err := s.throw(ctx, "privatezone", s.primary.addr, false); err != nil {
		return err
	}
	s.editRecord(s.standby)
	if err := s.startController(ctx); err != nil {
		return err
	}
	p, err := s.awaitPublished(ctx, "the controller sees the edited record", func(p published) bool {
		return p.leads(clusterVPC, s.standby.addr.String()) && p.status.PrivateZone.Target == s.standby.name
	})
	if err != nil {
		return err
	}
	found := false
	tell("%s  @ A %s → %s. The switch says privatezone.", clusterZone, s.primary.addr, s.standby.addr)
	tell("A new controller reads at once; one that runs does every 30 s. It reports:")
	gap()
	for _, f := range p.status.PrivateZone.Findings {
		quote(f.Code + ": " + f.Text)
		found = found || f.Code == "NotPrimary"
	}
	if !found {
		return fmt.Errorf("the finding NotPrimary is missing: %+v", p.status)
	}
	if err := s.awaitAnswer(ctx, s.standby.addr); err != nil {
		return err
	}
	gap()
	return s.tellAnswers(ctx)
}

func loseTheCloud(ctx context.Context, s *stage) error {
	title(5, "The cloud refuses every call, and a new controller starts")
	if err := s.primary.start(ctx); err != nil {
		return err
	}
	s.editRecord(s.primary)
	s.cloud.Inject(cloud.Fault{Code: throttling, Message: "Request was denied due to user flow control."})
	if err := s.startController(ctx); err != nil {
		return err
	}
	refused := 0
	if err := await(ctx, "calls are throttled", func() bool { _, refused = s.cloud.count(throttling); return refused > 0 }); err != nil {
		return err
	}
	tell("Calls are refused: %s. The record has been edited back meanwhile,", throttling)
	tell("so nobody can know. What was learnt stays, and a switch by hand needs no cloud:")
	gap()
	if err := s.throwAndTell(ctx, s.primary.name, s.primary); err != nil {
		return err
	}
	if err := s.pullFrom(ctx, s.primary); err != nil {
		return err
	}
	gap()
	if err := s.throwAndTell(ctx, s.standby.name, s.standby); err != nil {
		return err
	}
	p, err := s.awaitPublished(ctx, "the switch is recorded", func(p published) bool { return p.state.LastSwitch == s.standby.name })
	if err != nil {
		return err
	}
	if !p.leads(clusterVPC, s.standby.addr.String()) || !p.leads(standbyVPC, s.standby.addr.String()) {
		return fmt.Errorf("what was learnt did not stay: %+v", p.state)
	}
	return nil
}

func returnTheCloud(ctx context.Context, s *stage) error {
	title(6, "The cloud is back")
	s.cloud.Heal()
	_, err := s.awaitPublished(ctx, "the controller has read the record that was edited back", func(p published) bool {
		return p.leads(clusterVPC, s.primary.addr.String()) && p.status.PrivateZone.Target == s.primary.name && p.status.PrivateZone.Error == ""
	})
	if err != nil {
		return err
	}
	times, err := s.throw(ctx, "privatezone", s.primary.addr, false)
	if err != nil {
		return err
	}
	tell("The same controller has repeated its calls, and published where the zone leads now.")
	gap()
	tell("echo privatezone > switch/%s", endpoint)
	gap()
	tell("DNS answer back after %s, the block gone from the hosts file after %s", millis(times.answer), millis(times.hosts))
	return s.pullFrom(ctx, s.primary)
}
