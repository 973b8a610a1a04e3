package chart

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// life is a time in which an alert doesn't fire, fires, and is resolved. It fires for
// one endpoint, instance or program; beside that another is as it should be, or wrong in
// a way that is no reason to wake anybody.
type life struct {
	alert string
	// start is a time as Prometheus has it, in seconds; "" is 0.
	start string
	// series are by name, with values as promtool has them, one a minute from the start on.
	series map[string]string
	// quiet, fires and resolved are so long after the start.
	quiet, fires, resolved string
	// labels are the firing alert's, without its name and severity.
	labels map[string]string
	// summary is what it says.
	summary string
}

// of are the labels of an endpoint e, and more.
func of(more ...string) map[string]string {
	labels := map[string]string{"endpoint": "e"}
	for i := 0; i < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}

// lives has one for each alert, or several where it has several reasons.
var lives = []life{
	{"RegistryFailoverSwitchInvalid", "", map[string]string{
		`registry_failover_switch_valid{endpoint="e", pod="node-a"}`: "1x10 0x10 1x20",
		`registry_failover_switch_valid{endpoint="e", pod="node-b"}`: "1x40",
		`registry_failover_switch_valid{endpoint="f", pod="node-a"}`: "1x40",
	}, "11m", "13m", "25m", of(), "The switch of e isn't valid, and what was thrown last isn't in force."},
	{"RegistryFailoverSwitchUnreadable", "", map[string]string{
		`registry_failover_switch_readable{pod="node-a"}`: "1x10 0x30 1x20",
		`registry_failover_switch_readable{pod="node-b"}`: "1x60",
		`registry_failover_switch_readable{pod="node-c"}`: "0x5 1x55",
	}, "15m", "30m", "45m", nil, "1 resolvers can't read the switch: a failover wouldn't reach them."},
	{"RegistryFailoverHostsNotWritten", "", map[string]string{
		`registry_failover_hosts_synced{pod="node-a"}`: "1x10 0x30 1x20",
		`registry_failover_hosts_synced{pod="node-b"}`: "0x2 1x58",
	}, "12m", "30m", "45m", nil, "The hosts file of 1 nodes isn't what the switch says."},
	{"RegistryFailoverAnswerKept", "", map[string]string{
		`registry_failover_answer_current{endpoint="e", pod="node-a"}`: "1x10 0x30 1x20",
		`registry_failover_answer_current{endpoint="f", pod="node-a"}`: "1x60",
	}, "15m", "30m", "45m", of(), "1 resolvers keep an earlier answer for e."},
	{"RegistryFailoverNodesNotApplied", "", map[string]string{ // the leader is another from 20 on
		`registry_failover_nodes{endpoint="e", applied="false", pod="a"}`: "0x4 1x16 stale",
		`registry_failover_nodes{endpoint="e", applied="false", pod="b"}`: "_x20 1x20 0x20",
		`registry_failover_nodes{endpoint="e", applied="true", pod="a"}`:  "9x20 stale",
		`registry_failover_nodes{endpoint="f", applied="false", pod="a"}`: "1x8 0x50", // nodes that have joined
	}, "15m", "30m", "45m", of(), "1 nodes have not applied the switch of e."},
	{"RegistryFailoverActiveTooLong", "82800", map[string]string{ // after 23 h
		`registry_failover_switch_since_timestamp_seconds{endpoint="e"}`: "0x100 90000x60",
		`registry_failover_switch_followed_zone{endpoint="e"}`:           "0x100 1x60",
		`registry_failover_switch_since_timestamp_seconds{endpoint="f"}`: "0x160", // which is the rule
		`registry_failover_switch_followed_zone{endpoint="f"}`:           "1x160",
	}, "75m", "90m", "110m", of(), "The switch of e has led where it leads for 1d 0h 30m 0s, and that isn't privatezone."},
	{"RegistryFailoverFlapping", "", map[string]string{
		`registry_failover_switch_changes_total{endpoint="e", pod="a"}`: "0x20 1x4 2x4 3x4 4x4 5x4 6x4 7x4 8x100",
		`registry_failover_switch_changes_total{endpoint="f", pod="a"}`: "0x20 1x4 2x4 3x4 4x4 5x4 6x100", // three waves there and back
	}, "56m", "58m", "100m", of(), "The switch of e has changed 8 times within an hour."},
	{"RegistryFailoverNoController", "", map[string]string{
		`leader_election_master_status{name="registry-failover-controller", pod="a"}`: "1x10 0x50",
		`leader_election_master_status{name="registry-failover-controller", pod="b"}`: "0x30 1x30",
		`leader_election_master_status{name="another", pod="b"}`:                      "1x60",
	}, "15m", "25m", "40m", map[string]string{}, "No controller of Registry Failover leads, or none is scraped."},
	{"RegistryFailoverStateStale", "", map[string]string{
		`registry_failover_state_valid{endpoint="e", pod="a"}`:      "1x10 0x20 1x20",
		`registry_failover_state_valid{endpoint="e", pod="node-a"}`: "1x50",
		`registry_failover_state_valid{endpoint="f"}`:               "1x10 0x2 1x38",
	}, "14m", "20m", "40m", of(), "The record of the switch of e can't be read or written, and grows stale."},
	{"RegistryFailoverConfigInvalid", "", map[string]string{
		`registry_failover_config_valid{pod="a"}`: "1x10 0x20 1x20",
		`registry_failover_config_valid{pod="b"}`: "0x3 1x47",
	}, "15m", "25m", "40m", nil, "1 pods of Registry Failover don't take the configuration, and go by an earlier one."},
	{"RegistryFailoverAdmissionFails", "", map[string]string{
		`registry_failover_admission_requests_total{result="failed", pod="a"}`:    "3x20 4x60",
		`registry_failover_admission_requests_total{result="rewritten", pod="a"}`: "0+9x80",
	}, "25m", "30m", "50m", map[string]string{}, "Pods are admitted as written, because the webhook of Registry Failover can't read what it is asked."},
	{"RegistryFailoverWebhookFailsOpen", "", map[string]string{ // no pod at first, then three more
		`registry_failover_source_host_pods{endpoint="e", reason="NotRewritten", pod="a"}`: "_x40 1x60",
		`registry_failover_source_host_pods{endpoint="e", reason="OptedOut", pod="a"}`:     "0+1x100",
		`registry_failover_source_host_pods{endpoint="f", reason="NotRewritten", pod="a"}`: "9x30 7x70", // of before the installation
		`registry_failover_source_host_survey_timestamp_seconds{pod="a"}`:                  "60x100",
		`registry_failover_source_host_survey_timestamp_seconds{pod="b"}`:                  "0x100",
	}, "40m", "50m", "70m", of(), "1 more pods than 20 minutes ago name a source host of e: they were admitted without being rewritten."},
	{"RegistryFailoverCertificateEnds", "", map[string]string{
		`registry_failover_admission_certificate_expiry_timestamp_seconds{pod="a"}`: "608400x200 31536000x60",
		`registry_failover_admission_certificate_expiry_timestamp_seconds{pod="b"}`: "31536000x260",
	}, "120m", "125m", "250m", map[string]string{}, "The certificate of Registry Failover's webhook ends in 6d 22h 55m 0s."},
	{"RegistryFailoverInstanceUnhealthy", "", map[string]string{
		`registry_failover_instance_healthy{endpoint="e", instance="a", network="internal"}`: "1x10 0x20 1x20",
		`registry_failover_instance_healthy{endpoint="e", instance="a", network="public"}`:   "0x50",
		`registry_failover_instance_healthy{endpoint="e", instance="b", network="internal"}`: "1x50",
		`registry_failover_instance_healthy{endpoint="e", instance="b", network="public"}`:   "0x50", // no way to the Internet
	}, "12m", "15m", "40m", of("instance", "a"), "More than half of the probers find a of e bad, over each network that they agree on."},
	{"RegistryFailoverInstanceCertificateEnds", "", map[string]string{ // 14 days and an hour
		`registry_failover_probe_certificate_expiry_timestamp_seconds{endpoint="e", instance="a", network="internal", pod="a"}`: "1213200x200 31536000x60",
		`registry_failover_probe_certificate_expiry_timestamp_seconds{endpoint="e", instance="a", network="public", pod="a"}`:   "31536000x260",
		`registry_failover_probe_certificate_expiry_timestamp_seconds{endpoint="e", instance="b", network="internal", pod="a"}`: "1296000x260", // 15 days
	}, "120m", "125m", "250m", of("instance", "a"), "The certificate that a shows for e ends in 13d 22h 55m 0s."},
	{"RegistryFailoverProbersSilent", "", map[string]string{ // pod b doesn't lead, and from 41 on none is wanted
		`registry_failover_probers_wanted{pod="a"}`: "4x40 0x20",
		`registry_failover_probers_fresh{pod="a"}`:  "3x10 2x30 0x20",
		`registry_failover_probers_wanted{pod="b"}`: "0x60",
		`registry_failover_probers_fresh{pod="b"}`:  "0x60",
	}, "15m", "25m", "60m", map[string]string{}, "Half of the 4 probers, or more, have no fresh report, so that nobody knows how the instances do."},
	{"RegistryFailoverStandbyNotReady", "", map[string]string{
		`registry_failover_readiness_pods_blocked{endpoint="e", instance="a"}`: "0x10 1x60 0x30",
		`registry_failover_readiness_pods_blocked{endpoint="e", instance="b"}`: "7x20 0x80", // until an image is copied
	}, "30m", "60m", "90m", of("instance", "a"), "1 pods that run now could not start from a of e."},
	{"RegistryFailoverReadinessStale", "18000", map[string]string{ // after 5 h
		`registry_failover_readiness_timestamp_seconds{endpoint="e"}`: "0x100 24000x40",
		`registry_failover_readiness_timestamp_seconds{endpoint="f"}`: "18000+60x140",
	}, "70m", "75m", "120m", of(), "The images of e haven't been known completely for 6 hours."},
	{"RegistryFailoverReadinessStale", "", map[string]string{ // a leader that has never known those of e, which begins anew after 3 h
		`registry_failover_readiness_images{endpoint="e", instance="a", finding="unknown", pod="a"}`: "5x180 stale",
		`registry_failover_readiness_images{endpoint="e", instance="a", finding="unknown", pod="b"}`: "_x181 5x300",
		`registry_failover_readiness_timestamp_seconds{endpoint="e", pod="b"}`:                       "_x400 24000x80",
		`registry_failover_readiness_images{endpoint="f", instance="a", finding="unknown", pod="a"}`: "0x480",
		`registry_failover_readiness_timestamp_seconds{endpoint="f", pod="a"}`:                       "_x60 3600+60x420",
		`registry_failover_readiness_images{endpoint="g", instance="a", finding="unknown", pod="b"}`: "_x120 5x360", // new
	}, "369m", "372m", "420m", of(), "The images of e haven't been known completely for 6 hours."},
	{"RegistryFailoverDrillOverdue", "2588400", map[string]string{ // after 29 days and 23 h; 0 is that there never was one
		`registry_failover_drill_last_success_timestamp_seconds{endpoint="e", instance="a"}`: "0x1600 2680000x60",
		`registry_failover_drill_last_success_timestamp_seconds{endpoint="e", instance="b"}`: "173000x1660",
	}, "23h", "25h30m", "27h", of("instance", "a"), "No drill has proven within 30 days that a could serve e."},
	{"RegistryFailoverPodsStuck", "", map[string]string{
		`registry_failover_stuck_pods{endpoint="e"}`: "0x10 1x30 0x20",
		`registry_failover_stuck_pods{endpoint="f"}`: "9x10 0x50", // right after a switch
	}, "20m", "30m", "50m", of(), "1 pods wait for an image of e that can't be pulled."},
	{"RegistryFailoverZoneUnusable", "", map[string]string{
		`registry_failover_privatezone_findings{endpoint="e", code="EmptyZone"}`:  "0x10 1x20 0x20",
		`registry_failover_privatezone_findings{endpoint="e", code="NotPrimary"}`: "1x50",
	}, "11m", "20m", "40m", of("code", "EmptyZone"), "A zone of e in PrivateZone can't be followed: EmptyZone."},
	{"RegistryFailoverNotPrimary", "", map[string]string{
		`registry_failover_privatezone_findings{endpoint="e", code="NotPrimary"}`: "0x10 1x30 0x20",
		`registry_failover_privatezone_findings{endpoint="f", code="NotPrimary"}`: "1x10 0x50",
	}, "20m", "35m", "50m", of(), "PrivateZone leads e elsewhere than to the primary."},
	{"RegistryFailoverPrivateZoneNotRead", "3600", map[string]string{
		`registry_failover_privatezone_failing{endpoint="e"}`:                "0x10 1x30 0x20",
		`registry_failover_privatezone_failing{endpoint="f"}`:                "1x5 0x55",
		`registry_failover_privatezone_read_timestamp_seconds{endpoint="f"}`: "2800+60x60",
	}, "15m", "25m", "50m", of(), "PrivateZone isn't read for e."},
	{"RegistryFailoverCloudCredentials", "", map[string]string{
		`registry_failover_cloud_calls_total{service="pvtz", outcome="denied"}`:     "0x10 1+1x30 31x60",
		`registry_failover_cloud_calls_total{service="cr", outcome="expired"}`:      "0x10 1x90",
		`registry_failover_cloud_calls_total{service="sts", outcome="throttled"}`:   "0+1x100",
		`registry_failover_cloud_calls_total{service="pvtz", outcome="clock-skew"}`: "0x100",
	}, "20m", "35m", "60m", map[string]string{"service": "pvtz"}, "The cloud refuses the controller's calls of pvtz."},
	{"RegistryFailoverCloudSessionEnds", "", map[string]string{
		`registry_failover_cloud_session_expiry_timestamp_seconds{pod="a"}`: "3600x70 9000x30",
		`registry_failover_cloud_session_expiry_timestamp_seconds{pod="b"}`: "0x100",
	}, "58m", "60m", "80m", map[string]string{}, "The controller's cloud session ends, or has ended, and isn't renewed."},
	{"RegistryFailoverTokensNotMinted", "", map[string]string{
		`registry_failover_minted_token_failing{endpoint="e", instance="a"}`:                  "0x10 1x20 0x20",
		`registry_failover_minted_token_failing{endpoint="e", instance="b"}`:                  "1x3 0x47",
		`registry_failover_minted_token_expiry_timestamp_seconds{endpoint="e", instance="b"}`: "2400x26 9000x30",
	}, "13m", "25m", "40m", of("instance", "a"), "No new token of a is minted for e, or it doesn't reach all namespaces."},
	{"RegistryFailoverWriteBackFails", "", map[string]string{
		`registry_failover_writeback_failing{endpoint="e"}`: "0x10 1x30 0x20",
		`registry_failover_writeback_failing{endpoint="f"}`: "1x5 0x55",
	}, "15m", "30m", "50m", of(), "The record of e in PrivateZone can't be made what the switch says."},
}

// TestEveryAlertHasItsLife: a rule that nothing plays would never be seen to fire.
func TestEveryAlertHasItsLife(t *testing.T) {
	var want, got []string
	for _, a := range alerts(t) {
		want = append(want, a.Alert)
	}
	for _, l := range lives {
		got = append(got, l.alert)
	}
	if !slices.Equal(want, slices.Compact(got)) {
		t.Errorf("alerts.yaml has\n%s\nand lives\n%s", strings.Join(want, " "), strings.Join(got, " "))
	}
}

// playAlerts has promtool play the life of each.
func playAlerts(t *testing.T) {
	t.Helper()
	rules, err := filepath.Abs(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var tests []object
	for _, l := range lives {
		i := slices.IndexFunc(alerts(t), func(a alert) bool { return a.Alert == l.alert })
		if i < 0 {
			continue // which another test tells
		}
		rule := alerts(t)[i]
		labels := map[string]string{"severity": rule.Labels["severity"]}
		maps.Copy(labels, l.labels)
		if strings.Contains(rule.Annotations["description"], "{{") {
			t.Errorf("%s: the description is a template, which no test looks at", l.alert)
		}
		annotations := map[string]string{"summary": l.summary, "description": rule.Annotations["description"], "runbook_url": rule.Annotations["runbook_url"]}
		var series []object
		for name, values := range l.series {
			series = append(series, object{"series": name, "values": values})
		}
		at := func(moment string, expected ...object) object {
			return object{"eval_time": moment, "alertname": l.alert, "exp_alerts": append([]object{}, expected...)}
		}
		tests = append(tests, object{
			"name": l.alert, "start_timestamp": cmp.Or(l.start, "0"), "interval": "1m", "input_series": series,
			"alert_rule_test": []object{at(l.quiet), at(l.fires, object{"exp_labels": labels, "exp_annotations": annotations}), at(l.resolved)},
		})
	}
	text, err := yaml.Marshal(object{"rule_files": []string{rules}, "evaluation_interval": "1m", "tests": tests})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lives.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	runPromtool(t, "test", "rules", file)
}
