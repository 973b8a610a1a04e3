package readiness

import (
	"net/url"
	"strings"
	"testing"
)

func TestImages(t *testing.T) {
	for name, want := range map[string]string{
		"/demo/web":                         "demo/web latest",
		"/demo/web:1":                       "demo/web 1",
		"/demo/web:1@" + digest:             "demo/web " + digest,
		"/demo/web@" + digest:               "demo/web " + digest,
		"/latest/latest":                    "latest/latest latest",
		":443/demo/web:1":                   "demo/web 1",
		"/":                                 "",
		"":                                  "",
		"/Demo/web":                         "",
		"/demo/../web":                      "",
		"/demo/web@sha256:0123":             "",
		"/demo/" + strings.Repeat("a", 300): "",
	} {
		got := ""
		if i, ok := parseImage(shared, shared+name); ok {
			got = i.Repository + " " + i.Reference
		}
		if got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// FuzzParseImage has names that any tenant may write: what an instance is asked for stays
// within its manifests.
func FuzzParseImage(f *testing.F) {
	f.Add("/demo/web:1@" + digest)
	f.Add(":443/demo/web")
	f.Fuzz(func(t *testing.T, rest string) {
		i, ok := parseImage(shared, shared+rest)
		if !ok {
			return
		}
		path := "/v2/" + i.Repository + "/manifests/" + i.Reference
		u, err := url.Parse("https://" + shared + path)
		if err != nil || u.JoinPath().Path != path || u.RawQuery != "" || u.Fragment != "" || i.Repository == "" || i.Reference == "" {
			t.Errorf("%q is asked for at %q", rest, path)
		}
	})
}
