package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
)

// configured adds to the configuration of the cluster.
func configured(s *switched, text string) {
	c := s.api[configPath].(corev1.ConfigMap)
	c.Data = map[string]string{"config.yaml": c.Data["config.yaml"] + "\n" + text + "\n"}
	s.api[configPath] = c
}

func TestHowAFailoverEnds(t *testing.T) {
	toHangzhou := []string{"failover", "--to", "hangzhou"}
	for sentence, test := range map[string]struct {
		stands         string
		edit           func(s *switched)
		args           []string
		code           int
		stdout, stderr string // what they have
		// value is what the switch says then; with "" what it said before.
		value string
	}{
		"well": {args: toHangzhou, stdout: "√ all nodes: 3 of 3 nodes switched, 3 of 3 probers are served by hangzhou", stderr: "to undo it: kubectl ", value: "to: hangzhou\nset-by: alice"},
		"well, where the right to ask for one's name is missing": {
			edit: func(s *switched) { delete(s.api, reviewsPath) }, args: toHangzhou, stdout: "√ all nodes", value: "hangzhou",
		},
		"well, for somebody with a name of their own": {args: append(toHangzhou, "--set-by", "bob"), stdout: "√ all nodes", value: "to: hangzhou\nset-by: bob (alice)"},
		"well, for somebody whose certificate has a strange name": {
			edit: func(s *switched) {
				s.api[reviewsPath] = authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "alice\x1b[31m\nof\tops"}}}
			}, args: toHangzhou, stdout: "√ all nodes", value: "to: hangzhou\nset-by: alice?[31m of ops",
		},
		"well, with what was overridden": {
			edit: func(s *switched) { s.api[statusPath] = toldOf(`{"version":1,` + ofHealth + `}`) }, args: append(toHangzhou, "--reason", "storm", "--override", "target-ready,dwell"),
			stdout: "‼ target-ready: overridden: nobody", value: "to: hangzhou\nreason: storm (overrides target-ready)\nset-by: alice",
		},
		"well, with nothing to write": {stands: "to: hangzhou\nreason: storm", args: toHangzhou, stdout: "√ the switch leads there already\n  √ all nodes: 3 of 3"},
		"well, with another reason":   {stands: "hangzhou", args: append(toHangzhou, "--reason", "storm"), stdout: "leads there already", value: "to: hangzhou\nreason: storm\nset-by: alice"},
		"well, from what isn't valid": {stands: "hangzou", args: toHangzhou, stdout: `hangzou → hangzhou/internal`, stderr: "what is in force is privatezone", value: "to: hangzhou\nset-by: alice"},
		"well, from what isn't valid, while it leads there by what was": {
			stands: "hangzou", edit: func(s *switched) {
				s.api[statePath] = corev1.ConfigMap{Data: map[string]string{shared: `{"version":1,"lastSwitch":"hangzhou"}`}}
			}, args: toHangzhou, stdout: "√ all nodes", stderr: "what is in force is hangzhou/internal", value: "to: hangzhou\nset-by: alice",
		},
		"well, without any node": {
			edit: func(s *switched) { configured(s, `node: {hosts: "Off"}`) }, args: toHangzhou, stdout: "‼ all nodes: no node reports", value: "to: hangzhou\nset-by: alice",
		},
		"well, in automatic mode": {
			edit: func(s *switched) { configured(s, "failover: {mode: Automatic}") }, args: toHangzhou, stdout: "‼ automatic mode leaves this endpoint alone until it is privatezone again", value: "to: hangzhou\nset-by: alice",
		},
		"a rule doesn't hold": {
			edit: func(s *switched) { s.changed = time.Now() }, args: toHangzhou, code: 1, stdout: "× dwell: the switch was changed ", stderr: "nothing was written: dwell\n",
		},
		"a rule doesn't hold, by the API server's clock": {
			edit: func(s *switched) { s.behind = 30 * time.Minute; s.changed = time.Now().Add(-s.behind - 2*time.Minute) }, args: toHangzhou, code: 1,
			stdout: "× dwell: the switch was changed 2m", stderr: "nothing was written: dwell\n",
		},
		"well, in spite of a clock that is late": {
			edit: func(s *switched) {
				s.behind = -30 * time.Second
				s.changed = time.Now().Add(15*time.Second - 10*time.Minute)
			}, args: toHangzhou,
			stdout: "s behind the API server's, which is gone by\n", value: "to: hangzhou\nset-by: alice",
		},
		"a rule can't be judged without a right": {
			edit: func(s *switched) { delete(s.api, statusPath) }, args: toHangzhou, code: 1,
			stdout: "× target-ready: nobody knows: you may not read the ConfigMap registry-failover-status: ", stderr: "nothing was written: target-healthy, target-ready\n",
		},
		"a dry run in which a rule doesn't hold": {edit: func(s *switched) { s.changed = time.Now() }, args: append(toHangzhou, "--dry-run"), code: 1, stdout: "× dwell", stderr: "nothing was written: dwell\n"},
		"a dry run with rights to read the rules' ConfigMaps alone": {
			edit: func(s *switched) { s.deny = true; delete(s.api, nodesPath); delete(s.api, podsPath) }, args: append(toHangzhou, "--dry-run"), stdout: "  would write: to: hangzhou, set-by: alice\n",
		},
		"a node doesn't follow in time": {
			edit: func(s *switched) { s.stays = "node-a" }, args: append(toHangzhou, "--timeout", "300ms"), code: 3,
			stdout: "× all nodes: 2 of 3 nodes switched\n      node-a: ", stderr: "after 300ms: 2 of 3 nodes switched\n", value: "to: hangzhou\nset-by: alice",
		},
		"another instance answers": {
			edit: func(s *switched) { s.serve = "zhangjiakou" }, args: append(toHangzhou, "--timeout", "300ms"), code: 1,
			stdout: "      node-a: its prober is served by zhangjiakou: by the hosts file\n", stderr: "after 300ms: 0 of 3 probers are served by hangzhou\n", value: "to: hangzhou\nset-by: alice",
		},
		"the right to write is missing": {
			edit: func(s *switched) { s.deny = true }, args: toHangzhou, code: 2, stderr: "you may not throw the switch, which the Role registry-failover-operator allows: ",
		},
		"the right to list nodes is missing: nothing is written that can't be proven": {
			edit: func(s *switched) { delete(s.api, nodesPath) }, args: toHangzhou, code: 2, stderr: "the nodes can't be listed: ",
		},
		"the right to read the switch is missing": {args: append(toHangzhou, "-n", "elsewhere"), code: 2, stderr: "the product's namespace is named with --namespace: "},
		"a wave the other way": {
			stands: "to: zhangjiakou\nfrom: privatezone\nshare: 10", args: append(toHangzhou, "--override", "one-direction", "--waves", "10,100"), code: 2, stderr: "a wave to zhangjiakou/internal is under way",
		},
		"waves without nodes": {
			edit: func(s *switched) { configured(s, `node: {hosts: "Off"}`) }, args: append(toHangzhou, "--waves", "10,100"), code: 2, stderr: "node.hosts is Off",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			stands := test.stands
			if stands == "" {
				stands = "privatezone"
			}
			s := newSwitched(t, stands)
			if test.edit != nil {
				test.edit(s)
			}
			code, stdout, stderr := s.run(test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
			}
			want := test.value
			if want == "" {
				want = stands
			}
			if s.value != want {
				t.Errorf("the switch says %q", s.value)
			}
			if undo := strings.Contains(stdout, "to undo it:\n"); undo != (test.value != "") {
				t.Errorf("it tells how to undo it: %v", undo)
			}
		})
	}
}

func TestAFailbackAsksItsOwnRules(t *testing.T) {
	s := newSwitched(t, "hangzhou")
	asItIs := s.api[statusPath]
	s.api[statusPath] = toldOf(strings.Replace(asItIs.(corev1.ConfigMap).Data[shared], `"target":"zhangjiakou"`, `"target":"hangzhou"`, 1))
	code, stdout, stderr := s.run("failback", "-o", "json")
	var told struct {
		Problem string
		Rules   []struct{ Rule, Outcome string }
	}
	if err := json.Unmarshal([]byte(stdout), &told); err != nil {
		t.Fatal(err)
	}
	if code != 1 || told.Problem != "nothing was written: target-healthy, zone-target" || stderr != told.Problem+"\n" || len(told.Rules) != 8 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	s.api[statusPath] = asItIs
	code, stdout, _ = s.run("failback", "--override", "target-healthy")
	if code != 0 || !strings.Contains(stdout, "√ zone-target: PrivateZone leads to the primary zhangjiakou\n") || s.value != "to: privatezone\nreason: overrides target-healthy\nset-by: alice" {
		t.Errorf("exit code %d, %q: %s", code, s.value, stdout)
	}
	s.value, s.changed = "hangzhou", time.Now().Add(-time.Hour)
	code, stdout, _ = s.run("failback", "--to", "zhangjiakou", "--override", "target-healthy")
	if code != 0 || s.value != "to: zhangjiakou\nreason: overrides target-healthy\nset-by: alice" {
		t.Errorf("exit code %d, %q: %s", code, s.value, stdout)
	}
}

func TestTheUndoneValueIsTheOneBeforeTheFirstWave(t *testing.T) {
	s := newSwitched(t, "to: privatezone\nreason: it's over")
	_, stdout, stderr := s.run("failover", "--to", " hangzhou", "--waves", "10,100", "--context", "", "--as", "bob", "--as-group", "on call", "--as-group", "ops")
	const want = ` --as bob --as-group 'on call' --as-group ops -n registry-failover patch configmap registry-failover --type merge -p '{"data":{"cross-region.registry.io":"to: privatezone\nreason: it\u0027s over"}}'` + "\n"
	if strings.Count(stdout, want) != 1 || strings.Count(stderr, want) != 1 {
		t.Errorf("stdout %s\nstderr %s", stdout, stderr)
	}
}
