package saferules

import (
	"net/netip"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/cloudreader"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// public is hangzhou by its public endpoint.
var public = zone.Target{Instance: "hangzhou", Network: zone.Public}

// leads has PrivateZone lead to an instance.
func leads(instance string, by zone.Network) func(*Facts) {
	return func(f *Facts) { f.Told.Zone = &cloudreader.Status{ReadAt: noon, Target: instance, Network: by} }
}

func lookedUp(f *Facts) { f.Source = config.VPCDNS }

func found(all ...checks.Finding) func(*Facts) {
	return func(f *Facts) { f.Credentials = Credentials{Findings: all} }
}

func changed(c Change) func(*Facts) { return func(f *Facts) { f.Changed = c } }

func share(to, from zone.Target, percent int) func(*Facts) {
	return stands(zone.Switch{To: to, From: from, Scope: zone.ShareOfNodes, Share: percent})
}

// decisions are the rows of docs/failover.md.
var decisions = []struct {
	rule   Name
	where  string
	target zone.Target
	edit   func(*Facts)
	want   Outcome
	why    string
}{
	{TargetHealthy, "most probers see it healthy", hangzhou, nil, Pass, "hangzhou/internal is healthy, by 3 probers: answers as itself"},
	{TargetHealthy, "it is slow", hangzhou, seen(hangzhou, healthreport.Slow, "takes 5s or longer to answer"), Fail, "hangzhou/internal is slow, by 3 probers: takes 5s or longer to answer"},
	{TargetHealthy, "another instance answers", hangzhou, seen(hangzhou, healthreport.WrongIdentity, "answers as cri-bbbbb"), Fail, "hangzhou/internal is wrong-identity, by 3 probers: answers as cri-bbbbb"},
	{TargetHealthy, "the other network is ill", hangzhou, seen(public, healthreport.Unreachable, ""), Pass, "hangzhou/internal is healthy, by 3 probers: answers as itself"},
	{TargetHealthy, "the probers don't agree", hangzhou, seen(hangzhou, healthquorum.Disagreement, "1 say healthy, 1 say slow"), NobodyKnows, "hangzhou/internal: disagreement: 1 say healthy, 1 say slow"},
	{TargetHealthy, "too few probers report", hangzhou, seen(hangzhou, healthquorum.Blind, "1 of 3 probers have a fresh report"), NobodyKnows, "hangzhou/internal: blind: 1 of 3 probers have a fresh report"},
	{TargetHealthy, "there are no probers", hangzhou, func(f *Facts) { f.Health = nil }, NobodyKnows, "the probers don't tell of hangzhou/internal"},
	{TargetHealthy, "nothing can be read", hangzhou, func(f *Facts) { f.HealthUnknown = "you may not list Leases" }, NobodyKnows, "you may not list Leases"},
	{TargetHealthy, "back to PrivateZone, with addresses", privatezone, seen(zhangjiakou, healthreport.Slow, "is slow"), Fail, "zhangjiakou/internal is slow, by 3 probers: is slow"},
	{TargetHealthy, "back to PrivateZone, with a CNAME", privatezone, both(
		leads("zhangjiakou", "public"), seen(zhangjiakou, healthreport.Slow, "is slow")), Pass, "zhangjiakou/public is healthy, by 3 probers: answers as itself"},
	{TargetHealthy, "back to PrivateZone, and it isn't known by which network", privatezone, both(
		leads("hangzhou", "public"), seen(zhangjiakou, healthreport.Slow, "is slow")), Fail, "zhangjiakou/internal is slow, by 3 probers: is slow"},

	{TargetReady, "it has all images", hangzhou, nil, Pass, "hangzhou has 100 % of 40 images"},
	{TargetReady, "it has just enough", hangzhou, images(`{"instance":"hangzhou","share":0.95,"podsBlocked":2}`), Pass, "hangzhou has 95 % of 40 images, so that 2 pods could not start there"},
	{TargetReady, "`failover.readyShare` is 0, and the controller hasn't told", hangzhou, func(f *Facts) { f.Rules.ReadyShare, f.Told.Readiness = 0, nil }, Pass, "failover.readyShare is 0, which asks for no images; and the controller has not told which images the instances have"},
	{TargetReady, "it has one too few", hangzhou, images(`{"instance":"hangzhou","share":0.925,"podsBlocked":1}`), Fail, "hangzhou has 92.5 % of 40 images, so that 1 pod could not start there, and failover.readyShare asks for 95 %"},
	{TargetReady, "the controller hasn't told", hangzhou, told(`{"version":1}`), NobodyKnows, "the controller has not told which images the instances have"},
	{TargetReady, "it is told of others only", hangzhou, images(`{"instance":"zhangjiakou","share":1}`), NobodyKnows, "nobody has looked up the images on hangzhou"},
	{TargetReady, "the first look isn't over", hangzhou, images(`{"instance":"hangzhou","share":0.5,"unknown":20}`), NobodyKnows, "hangzhou has 50 % of 40 images, and failover.readyShare asks for 95 %; of 20 more it isn't known"},
	{TargetReady, "the first look isn't over, and it is too late", hangzhou, images(`{"instance":"hangzhou","share":0.5,"missing":10,"unknown":10}`), Fail, "hangzhou has 50 % of 40 images, and failover.readyShare asks for 95 %"},
	{TargetReady, "nobody knows the pods' credentials", hangzhou, images(`{"instance":"hangzhou","share":0,"unreadable":40,"untried":40}`), NobodyKnows, "hangzhou has 0 % of 40 images, and failover.readyShare asks for 95 %; of 40 more it isn't known, of 40 for want of the pods' credentials, which pullSecrets.mode Check or Derive lets the controller read"},
	{TargetReady, "the instance refuses the pods' credentials", hangzhou, images(`{"instance":"hangzhou","share":0,"unreadable":40}`), Fail, "hangzhou has 0 % of 40 images, and failover.readyShare asks for 95 %"},
	{TargetReady, "the look is from last week", hangzhou, told(`{"readiness":{"at":"2026-11-16T12:00:00Z","instances":[{"instance":"hangzhou","share":1}]}}`), NobodyKnows, "the images were looked up at 2026-11-16T12:00:00Z, which is long ago"},
	{TargetReady, "it is of a later format", hangzhou, told(`{"readiness":{"images":"many"}}`), NobodyKnows, "the controller has not told which images the instances have"},
	{TargetReady, "back to PrivateZone", privatezone, images(`{"instance":"zhangjiakou","share":0.5}`), Fail, "zhangjiakou has 50 % of 40 images, and failover.readyShare asks for 95 %"},

	{CredentialsPresent, "the check finds none that lack one", hangzhou, nil, Pass, "no pod lacks a credential"},
	{CredentialsPresent, "the check warns", hangzhou, found(checks.Finding{Level: checks.Warning, Text: "no pull secret"}), Pass, "no pod lacks a credential"},
	{CredentialsPresent, "pods lack one", hangzhou, found(checks.Finding{Level: checks.OK}, checks.Finding{Level: checks.Failed, Subject: "shop/default", Text: "no credential for hangzhou"}), Fail, "shop/default: no credential for hangzhou"},
	{CredentialsPresent, "many pods lack one", hangzhou, found(checks.Finding{Level: checks.Failed, Subject: "a/default", Text: "none"}, checks.Finding{Level: checks.Failed, Text: "none"}, checks.Finding{Level: checks.Failed, Text: "none"}), Fail, "a/default: none; and 2 more"},
	{CredentialsPresent, "those of another endpoint lack one", hangzhou, found(checks.Finding{Level: checks.Failed, Endpoint: "elsewhere.registry.io"}), Pass, "no pod lacks a credential"},
	{CredentialsPresent, "`pullSecrets.mode` is `Off`", hangzhou, func(f *Facts) { f.Credentials = Credentials{Skipped: "pullSecrets.mode is Off"} }, Skipped, "pullSecrets.mode is Off"},
	{CredentialsPresent, "you may not list Secrets, and the controller has read all images", hangzhou, func(f *Facts) { f.Credentials = Credentials{Unknown: "you may not list Secrets"} }, Pass, "the controller reads with the pods' credentials on hangzhou whatever is there"},
	{CredentialsPresent, "you may not list Secrets, and the controller could not read some", hangzhou, both(
		func(f *Facts) { f.Credentials = Credentials{Unknown: "you may not list Secrets"} },
		images(`{"instance":"hangzhou","share":0.9,"unreadable":4}`)), Fail, "the controller reads with the pods' credentials on hangzhou, but for 4 images"},
	{CredentialsPresent, "you may not list Secrets, and the controller doesn't know them all", hangzhou, both(
		func(f *Facts) { f.Credentials = Credentials{Unknown: "you may not list Secrets"} },
		images(`{"instance":"hangzhou","share":0.9,"unreadable":4,"untried":4}`)), NobodyKnows, "you may not list Secrets"},
	{CredentialsPresent, "you may not list Secrets, and the controller tells nothing", hangzhou, both(
		found(checks.Finding{Level: checks.Unknown, Text: "you may not list Secrets"}), told("")), NobodyKnows, "you may not list Secrets"},

	{Dwell, "the last change is long ago", hangzhou, nil, Pass, "the switch was changed at 2026-11-23T11:00:00Z, by kubectl-patch"},
	{Dwell, "the last change is 9m59s ago", hangzhou, changed(Change{At: noon.Add(time.Second - 10*time.Minute), By: "kubectl-patch"}), Fail, "the switch was changed 9m59s ago, by kubectl-patch, and failover.dwell is 10m0s"},
	{Dwell, "the last change is 10 min ago", hangzhou, changed(Change{At: noon.Add(-10 * time.Minute)}), Pass, "the switch was changed at 2026-11-23T11:50:00Z"},
	{Dwell, "the last change is in the future", hangzhou, changed(Change{At: noon.Add(time.Minute)}), Fail, "the switch was changed 0s ago, and failover.dwell is 10m0s"},
	{Dwell, "nobody has changed it yet", hangzhou, changed(Change{}), Pass, "nobody has changed the switch yet"},
	{Dwell, "the API server doesn't tell", hangzhou, changed(Change{Unknown: "the API server doesn't tell who has written the switch"}), NobodyKnows, "the API server doesn't tell who has written the switch"},
	{Dwell, "a wave goes on", hangzhou, both(changed(Change{At: noon}), share(hangzhou, privatezone, 10)), Pass, "it goes on to hangzhou/internal, where the switch leads already"},

	{OneDirection, "nothing is under way", hangzhou, nil, Pass, "all nodes lead to privatezone"},
	{OneDirection, "a wave leads there", hangzhou, share(hangzhou, privatezone, 10), Pass, "10 % of the nodes lead there already, from privatezone"},
	{OneDirection, "a wave leads elsewhere", zhangjiakou, share(hangzhou, privatezone, 10), Fail, "10 % of the nodes lead to hangzhou/internal, and the others to privatezone"},
	{OneDirection, "back, while a wave is under way", privatezone, share(hangzhou, privatezone, 50), Fail, "50 % of the nodes lead to hangzhou/internal, and the others to privatezone"},
	{OneDirection, "a wave of 0 % leads elsewhere", privatezone, share(hangzhou, privatezone, 0), Pass, "no node has been moved"},
	{OneDirection, "some nodes are in a drill", privatezone, stands(zone.Switch{To: hangzhou, Scope: zone.NamedNodes, Nodes: []string{"node-a"}}), Fail, "1 named node leads to hangzhou/internal, and the others to privatezone"},

	{HasAnswer, "an address was learnt", hangzhou, nil, Pass, "the addresses of hangzhou/internal are known"},
	{HasAnswer, "no address was learnt", hangzhou, func(f *Facts) { f.Learnt = zone.State{} }, Fail, `endpoint "cross-region.registry.io": hangzhou/internal: no usable address is known`},
	{HasAnswer, "only a loopback was learnt", hangzhou, func(f *Facts) {
		f.Learnt.Zones["vpc-aaaaa"] = zone.Records{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	}, Fail, `endpoint "cross-region.registry.io": hangzhou/internal: no usable address is known`},
	{HasAnswer, "what was learnt can't be read", hangzhou, func(f *Facts) { f.LearntUnknown = "you may not read the state" }, NobodyKnows, "you may not read the state"},
	{HasAnswer, "the address is fixed", hangzhou, func(f *Facts) {
		f.LearntUnknown = "you may not read the state"
		f.Endpoint.Instances[0].InternalAddrs = []netip.Addr{netip.MustParseAddr("10.1.0.10")}
	}, Pass, "the addresses of hangzhou/internal are known"},
	{HasAnswer, "probers connect to the public endpoint", public, nil, Pass, "the probers connect to hangzhou/public, whose address each node looks up itself"},
	{HasAnswer, "no prober can connect to it", public, seen(public, healthreport.Unreachable, "no such host"), NobodyKnows, "no prober has connected to hangzhou/public, whose address each node looks up itself"},
	{HasAnswer, "back to PrivateZone", privatezone, nil, Pass, "the addresses of privatezone are known"},
	{HasAnswer, "back to PrivateZone, which has no record", privatezone, func(f *Facts) { delete(f.Learnt.Zones, "vpc-bbbbb") }, Fail, `endpoint "cross-region.registry.io": privatezone: no usable address is known`},
	{HasAnswer, "back to PrivateZone, with a CNAME", privatezone, both(leads("zhangjiakou", "public"),
		func(f *Facts) { f.Learnt.Zones["vpc-bbbbb"] = zone.Records{CNAME: "b-registry.example.com"} }), Pass, "the probers connect to zhangjiakou/public, whose address each node looks up itself"},
	{HasAnswer, "the standby's zone has a CNAME", hangzhou, both(seen(public, healthreport.Unreachable, "no such host"),
		func(f *Facts) { f.Learnt.Zones["vpc-aaaaa"] = zone.Records{CNAME: "a-registry-vpc.example.com"} }), Pass, "the probers connect to hangzhou/internal, whose address each node looks up itself"},
	{HasAnswer, "back to PrivateZone, with `source: VPCDNS`", privatezone, lookedUp, Pass, "each node asks its own DNS servers, and keeps its last answer where they are silent"},

	{ZoneTarget, "it leads to the primary", privatezone, nil, Pass, "PrivateZone leads to the primary zhangjiakou"},
	{ZoneTarget, "it leads to the standby", privatezone, told(`{"privateZone":{"readAt":"2026-11-23T11:58:00Z","target":"hangzhou"}}`), Fail, "PrivateZone leads to hangzhou, and not to the primary zhangjiakou"},
	{ZoneTarget, "it leads elsewhere", privatezone, told(`{"privateZone":{"readAt":"2026-11-23T11:58:00Z"}}`), Fail, "PrivateZone leads to no instance that is known"},
	{ZoneTarget, "it was read an hour ago", privatezone, told(`{"privateZone":{"readAt":"2026-11-23T11:00:00Z","target":"zhangjiakou"}}`), NobodyKnows, "PrivateZone was read at 2026-11-23T11:00:00Z, which is long ago"},
	{ZoneTarget, "it was never read", privatezone, told(`{"version":1}`), NobodyKnows, "the controller has not read PrivateZone yet"},
	{ZoneTarget, "it leads to the primary, with `source: VPCDNS`", privatezone, lookedUp, Pass, "PrivateZone leads to the primary zhangjiakou"},
	{ZoneTarget, "the controller's DNS is silent since an hour, with `source: VPCDNS`", privatezone, both(lookedUp, told(`{"privateZone":{"readAt":"2026-11-23T11:00:00Z","target":"zhangjiakou"}}`)), NobodyKnows, "PrivateZone was read at 2026-11-23T11:00:00Z, which is long ago"},

	{ImagesOnPrimary, "all are there", privatezone, nil, Pass, "40 images on zhangjiakou are there, with the same digests"},
	{ImagesOnPrimary, "all are there, and it is led to by its name", zhangjiakou, nil, Pass, "40 images on zhangjiakou are there, with the same digests"},
	{ImagesOnPrimary, "some are missing or of another digest", privatezone, images(`{"instance":"zhangjiakou","share":0.95,"missing":1,"stale":1}`), Fail, "of 40 images on zhangjiakou are 1 missing and 1 of another digest"},
	{ImagesOnPrimary, "some could not be read", privatezone, images(`{"instance":"zhangjiakou","share":0.95,"unreadable":1,"unknown":1}`), NobodyKnows, "of 40 images on zhangjiakou it isn't known of 2"},
	{ImagesOnPrimary, "nobody knows the pods' credentials", privatezone, images(`{"instance":"zhangjiakou","share":0,"unreadable":40,"untried":40}`), NobodyKnows, "of 40 images on zhangjiakou it isn't known of 40, of 40 for want of the pods' credentials, which pullSecrets.mode Check or Derive lets the controller read"},
	{ImagesOnPrimary, "the look is from more than an hour ago", privatezone, told(`{"readiness":{"at":"2026-11-23T10:59:00Z","images":40,"instances":[{"instance":"zhangjiakou","share":1}]}}`), NobodyKnows, "the images were looked up at 2026-11-23T10:59:00Z, which is long ago"},
	{ImagesOnPrimary, "nothing is told", privatezone, told(""), NobodyKnows, "the controller has told nothing of the endpoint yet"},
}
