package rewrite

import (
	"strings"
	"testing"

	"github.com/distribution/reference"
)

const plainDigestOf = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestPlainPath(t *testing.T) {
	const host = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	for image, want := range map[string]string{ // "" is left to the library
		host + "/demo/web":                      "demo/web",
		host + "/demo/web:1.2_3-A":              "demo/web",
		host + "/demo/web" + plainDigestOf:      "demo/web",
		host + "/demo/web:1" + plainDigestOf:    "demo/web",
		host + ":443/a.b_c/d--e":                "a.b_c/d--e",
		host + "/a..b":                          "",
		host + "/a__b":                          "",
		host + "/-a":                            "",
		host + "/a-":                            "",
		host + "/a-.b":                          "",
		host + "/A":                             "",
		host + "/":                              "",
		host:                                    "",
		host + "/a:":                            "",
		host + "/a:.b":                          "",
		host + "/a@sha256:00":                   "",
		host + ":/a":                            "",
		host + ":4a/a":                          "",
		"localhost/a":                           "",
		"nginx":                                 "",
		"docker.io/nginx":                       "",
		"index.docker.io/nginx":                 "",
		"-a.b/c":                                "",
		"a..b/c":                                "",
		host + "/" + strings.Repeat("a", 255):   "",
		host + "/a:" + strings.Repeat("1", 129): "",
		host + "/a:1" + plainDigestOf + "@sha256:0": "",
	} {
		if got, plain := plainPath(image); got != want || plain != (want != "") {
			t.Errorf("%s: %q, %t", image, got, plain)
		}
	}
}

// FuzzPlainPath holds that what is plain is a reference with that path for the library too.
func FuzzPlainPath(f *testing.F) {
	for _, image := range []string{
		"a.b/c", "a.b:1/c/d:e", "a.b/c-d__e.f", "a.b/c" + plainDigestOf, "a.docker.io/c", "a.b/" + strings.Repeat("0", 64), "a.b/c:d" + plainDigestOf,
	} {
		f.Add(image)
	}
	f.Fuzz(func(t *testing.T, image string) {
		path, plain := plainPath(image)
		if !plain {
			return
		}
		named, err := reference.ParseNormalizedNamed(image)
		if err != nil {
			t.Fatalf("%q is none: %v", image, err)
		}
		if want := reference.Path(named); path != want {
			t.Errorf("the path of %q is %q, not %q", image, want, path)
		}
	})
}
