package writeback

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatThisClusterHasWrittenIsReadAsTheOriginal(t *testing.T) {
	hash, err := NewMark(me, cname(public), "")
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct{ remark, want string }{
		"its own mark":              {"rf1-0a1b2c3d-10.2.0.10,10.2.0.11", "10.2.0.10, 10.2.0.11"},
		"its own mark of a CNAME":   {hash.String(), public},
		"another cluster's":         {"rf1-ffffffff-10.2.0.10", "10.1.0.10"},
		"a Remark of somebody else": {"by hand", "10.1.0.10"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := originals(zoneOf(test.remark, addrs("10.1.0.10")).Records, me, []string{public})
			if diff := cmp.Diff(test.want, show(current(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
