package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheWorstAreToldFirst(t *testing.T) {
	given := []Finding{{Level: OK}, {Level: Warning, Subject: "b"}, {Level: Unknown}, {Level: Failed}, {Level: Warning, Subject: "a"}}
	for sentence, test := range map[string]struct {
		told int
		want []Finding
	}{
		"all of them": {5, []Finding{{Level: Failed}, {Level: Warning, Subject: "a"}, {Level: Warning, Subject: "b"}, {Level: Unknown}, {Level: OK}}},
		"the rest by number, at the worst level in it": {2, []Finding{
			{Level: Failed}, {Level: Warning, Subject: "a"}, {Level: Warning, Text: "there are 3 more", Remedy: "look again when the others are right"},
		}},
		"a rest that is fine needs no remedy": {4, []Finding{
			{Level: Failed}, {Level: Warning, Subject: "a"}, {Level: Warning, Subject: "b"}, {Level: Unknown}, {Level: OK, Text: "there are 1 more"},
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Most(append([]Finding{}, given...), test.told)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
