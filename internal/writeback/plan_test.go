package writeback

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// zoneOf has records with the ids 1, 2 …, the first with a remark.
func zoneOf(remark string, r zone.Records) alibaba.Zone {
	z := alibaba.Zone{ID: "z"}
	if r.CNAME != "" {
		z.Records = []alibaba.Record{{ID: 1, Target: r.CNAME, TTL: time.Minute}}
	}
	for i, a := range r.Addrs {
		z.Records = append(z.Records, alibaba.Record{ID: int64(i + 1), Addr: a, TTL: time.Minute})
	}
	if len(z.Records) > 0 {
		z.Records[0].Remark = remark
	}
	return z
}

var everywhere = []zone.Records{addrs("10.1.0.10"), cname(public), addrs("10.2.0.10"), cname("b-registry.cn-zhangjiakou.cr.aliyuncs.com")}

func TestTheCallsAreThoseOfTheManualProcedure(t *testing.T) {
	const mark = `pvtz:UpdateRecordRemark RecordId=1 Remark="rf1-0a1b2c3d-`
	for sentence, test := range map[string]struct {
		zone alibaba.Zone
		want zone.Records
		held string
		call []string
	}{
		"nothing is asked for": {zone: zoneOf("", addrs("10.2.0.10"))},
		"an address becomes the standby's": {
			zone: zoneOf("", addrs("10.2.0.10")), want: addrs("10.1.0.10"),
			call: []string{mark + `10.2.0.10"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.1.0.10 Ttl=60"},
		},
		"an address becomes the standby's public endpoint": {
			zone: zoneOf("", addrs("10.2.0.10")), want: cname(public),
			call: []string{mark + `10.2.0.10"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=CNAME Value=" + public + " Ttl=60"},
		},
		"a CNAME stands alone, so others go first": {
			zone: zoneOf("", addrs("10.2.0.10", "10.2.0.11")), want: cname(public),
			call: []string{mark + `10.2.0.10,10.2.0.11"`, "pvtz:DeleteZoneRecord RecordId=2", "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=CNAME Value=" + public + " Ttl=60"},
		},
		"one becomes two": {
			zone: zoneOf("", addrs("10.2.0.10")), want: addrs("10.1.0.10", "10.1.0.11"),
			call: []string{mark + `10.2.0.10"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.1.0.10 Ttl=60", "pvtz:AddZoneRecord ZoneId=z Rr=@ Type=A Value=10.1.0.11 Ttl=60"},
		},
		"what is wanted may stand beside the one that is kept": {
			zone: zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.2.0.10", "10.1.0.10")), want: addrs("10.1.0.10"),
			call: []string{"pvtz:DeleteZoneRecord RecordId=2", "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.1.0.10 Ttl=60"},
		},
		"the original returns, then the mark goes": {
			zone: zoneOf("rf1-0a1b2c3d-10.2.0.10", cname(public)),
			call: []string{"pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.2.0.10 Ttl=60", `pvtz:UpdateRecordRemark RecordId=1 Remark=""`},
		},
		"two originals return": {
			zone: zoneOf("rf1-0a1b2c3d-10.2.0.10,10.2.0.11", addrs("10.1.0.10")),
			call: []string{"pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.2.0.10 Ttl=60", "pvtz:AddZoneRecord ZoneId=z Rr=@ Type=A Value=10.2.0.11 Ttl=60", `pvtz:UpdateRecordRemark RecordId=1 Remark=""`},
		},
		"it is done once": {zone: zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.1.0.10")), want: addrs("10.1.0.10")},
		"another standby needs no other mark": {
			zone: zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.1.0.10")), want: cname(public),
			call: []string{"pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=CNAME Value=" + public + " Ttl=60"},
		},
		"a Remark that was there returns": {
			zone: zoneOf("by-hand,3", addrs("10.2.0.10")), want: addrs("10.1.0.10"),
			call: []string{mark + `10.2.0.10,_by-hand,3"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.1.0.10 Ttl=60"},
		},
		"with the original": {
			zone: zoneOf("rf1-0a1b2c3d-10.2.0.10,_by-hand,3", addrs("10.1.0.10")),
			call: []string{"pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.2.0.10 Ttl=60", `pvtz:UpdateRecordRemark RecordId=1 Remark="by-hand,3"`},
		},
		"IPv6 becomes IPv4 in place": {
			zone: zoneOf("", addrs("fd00::10")), want: addrs("10.1.0.10"),
			call: []string{mark + `v6_fd000000000000000000000000000010"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=A Value=10.1.0.10 Ttl=60"},
		},
		"a CNAME becomes another": {
			zone: zoneOf("", cname("b.example.com")), want: cname(public),
			call: []string{mark + `b.example.com"`, "pvtz:UpdateZoneRecord RecordId=1 Rr=@ Type=CNAME Value=" + public + " Ttl=60"},
		},
		"what is there already needs no mark": {zone: zoneOf("", addrs("10.2.0.10")), want: addrs("10.2.0.10")},
		"a mark that got lost is set again": {
			zone: zoneOf("", addrs("10.1.0.10")), want: addrs("10.1.0.10"), held: "rf1-0a1b2c3d-10.2.0.10",
			call: []string{mark + `10.2.0.10"`},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := Input{Zone: test.zone, Owner: me, Want: test.want, Known: everywhere}
			in.Held, _ = ParseMark(test.held, nil)
			all, err := Rehearse(in)
			if err != nil {
				t.Fatal(err)
			}
			var calls []string
			for _, c := range all {
				calls = append(calls, c.String())
			}
			if diff := cmp.Diff(test.call, calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	service, lined := zoneOf("", addrs("10.2.0.10")), zoneOf("", addrs("10.2.0.10"))
	service.ByService = true
	lined.Ignored = []string{`A 10.9.9.9 answers the line "x" only`}
	forced := zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.1.0.10"))
	forced.ByService = true
	hash, _ := NewMark(me, cname("a-long-name-that-is-nobodys.cn-hangzhou.cr.aliyuncs.com"), "")
	for sentence, test := range map[string]struct {
		zone alibaba.Zone
		want zone.Records
		err  string
	}{
		"another cluster's mark":             {zoneOf("rf1-ffffffff-10.2.0.10", addrs("10.1.0.10")), cname(public), "the cluster ffffffff has written the record, and will bring 10.2.0.10 back"},
		"another cluster's, also to clear":   {zoneOf("rf1-ffffffff-10.2.0.10", addrs("10.1.0.10")), zone.Records{}, "fail back there"},
		"a zone of a service":                {service, addrs("10.1.0.10"), "set privateZone.force"},
		"a line":                             {lined, addrs("10.1.0.10"), `the line "x" only`},
		"a name without records":             {alibaba.Zone{}, addrs("10.1.0.10"), "add one by hand"},
		"too many originals":                 {zoneOf("", addrs("110.1.0.10", "110.2.0.10", "110.3.0.10", "110.4.0.10")), addrs("10.1.0.10"), "don't fit"},
		"a hand's edit":                      {zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.7.7.7")), addrs("10.1.0.10"), "somebody has written A 10.7.7.7"},
		"a hand's edit, also to restore":     {zoneOf("rf1-0a1b2c3d-10.2.0.10", cname("x.example")), zone.Records{}, "somebody has written CNAME x.example"},
		"a mark of another version":          {zoneOf("rf2-0a1b2c3d-10.2.0.10", addrs("10.1.0.10")), cname(public), "can't be read"},
		"a mark with a damaged cluster":      {zoneOf("rf1-0a1b2c-10.2.0.10", addrs("10.1.0.10")), cname(public), "can't be read"},
		"a mark with a damaged original":     {zoneOf("rf1-0a1b2c3d-10.2.0.", addrs("10.1.0.10")), zone.Records{}, "can't be read"},
		"a service's zone, no longer forced": {forced, cname(public), "set privateZone.force"},
		"an original that nobody knows":      {zoneOf(hash.String(), addrs("10.1.0.10")), zone.Records{}, "put the instance back"},
	} {
		t.Run(sentence, func(t *testing.T) {
			all, err := Rehearse(Input{Zone: test.zone, Owner: me, Want: test.want, Known: everywhere})
			if len(all) > 0 || err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%v, %v", all, err)
			}
		})
	}
}

func TestForceWritesIntoAServicesZone(t *testing.T) {
	z := zoneOf("", addrs("10.2.0.10"))
	z.ByService = true
	if all, err := Rehearse(Input{Zone: z, Owner: me, Want: addrs("10.1.0.10"), Force: true}); len(all) != 2 || err != nil {
		t.Error(all, err)
	}
	z = zoneOf("rf1-0a1b2c3d-10.2.0.10", addrs("10.1.0.10"))
	z.ByService = true
	if all, err := Rehearse(Input{Zone: z, Owner: me, Known: everywhere}); len(all) != 2 || err != nil {
		t.Errorf("what was forced returns without: %v, %v", all, err)
	}
}
