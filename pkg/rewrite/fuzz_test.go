package rewrite_test

import (
	"strings"
	"testing"

	"github.com/distribution/reference"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// FuzzRewrite holds the promises that every reference, also a malformed one, is given.
func FuzzRewrite(f *testing.F) {
	for _, image := range []string{
		"", " ", "nginx", "nginx:latest", "library/nginx@" + sha, "Foo/bar", "localhost:5000/x", "localhost/x",
		public + "/demo/web", public + "/demo/web:1", public + "/demo/web:1@" + sha, public + "/demo/web@" + sha512,
		strings.ToUpper(public) + "/demo/web:1", public + ":443/demo/web", public + "/" + public + "/web",
		public + "/local/tool:1", "x" + public + "/a", public + ".x/a", shared + "/demo/web:1", "[::1]:5000/a/b:c",
		public + "//a", public + "/a:", public + "/a@", "a/" + public + "/b", public + "/a\x00b", public + "/a/../b",
		"b-registryxcn-zhangjiakouxcrxaliyuncs.com/demo/web", "b-registry.cn-zhangjiakou.cr.aliyuncsXcom/demo/web", // a dot is no wildcard
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	} {
		f.Add(image)
	}
	r := newRewriter(f)
	f.Fuzz(func(t *testing.T, image string) {
		got := r.Rewrite(image)
		if again := r.Rewrite(got.Image); again.Changed() {
			t.Errorf("rewriting %q twice changes it again: %q, %q", image, got.Image, again.Image)
		}
		if got.Reason == "" {
			t.Errorf("%q has no reason", image)
		}
		if !got.Changed() {
			if got.Image != image {
				t.Errorf("%q became %q without being rewritten", image, got.Image)
			}
			return
		}
		host, _ := rewrite.Host(image)
		if got.Image != got.Endpoint+image[len(host):] {
			t.Errorf("%q became %q: more than the host changed", image, got.Image)
		}
		before, errBefore := reference.ParseNormalizedNamed(image)
		after, errAfter := reference.ParseNormalizedNamed(got.Image)
		if errBefore != nil || errAfter != nil {
			t.Fatalf("%q became %q: %v, %v", image, got.Image, errBefore, errAfter)
		}
		if !strings.EqualFold(reference.Domain(before), host) || reference.Domain(after) != got.Endpoint {
			t.Errorf("%q became %q: the host that others see is %q, then %q", image, got.Image, reference.Domain(before), reference.Domain(after))
		}
		if reference.Path(before) != reference.Path(after) || tag(before) != tag(after) || digest(before) != digest(after) {
			t.Errorf("%q became %q: path, tag or digest differ", image, got.Image)
		}
	})
}

func tag(n reference.Named) string {
	if t, ok := n.(reference.Tagged); ok {
		return t.Tag()
	}
	return ""
}

func digest(n reference.Named) string {
	if d, ok := n.(reference.Digested); ok {
		return d.Digest().String()
	}
	return ""
}
