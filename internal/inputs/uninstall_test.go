package inputs

import "testing"

func TestUninstalling(t *testing.T) {
	const first, second = "one.example.com", "two.example.com"
	tests := map[string]struct {
		mark   string
		values map[string]string
		want   bool
	}{
		"no mark":                              {"", map[string]string{first: "privatezone"}, false},
		"a word that is none":                  {"yes", map[string]string{first: "privatezone"}, false},
		"marked, no failover":                  {"true", map[string]string{first: "privatezone\n", second: "to: privatezone\nreason: over"}, true},
		"marked, nothing there":                {"true", nil, false},
		"marked, and a key was taken away":     {"true", map[string]string{second: "privatezone"}, false},
		"marked, then somebody failed over":    {"true", map[string]string{first: "privatezone", second: "hangzhou"}, false},
		"marked, and a value that isn't valid": {"true", map[string]string{first: ""}, false},
		"forced, no failover":                  {"force", map[string]string{first: "privatezone"}, true},
		"forced in the middle of a failover":   {"force", map[string]string{first: "hangzhou"}, true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if got := Uninstalling(test.mark, test.values, []string{first}); got != test.want {
				t.Errorf("it is %t", got)
			}
		})
	}
}
