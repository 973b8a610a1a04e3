package rewrite_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

const (
	shared  = "cross-region.registry.io"
	public  = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	private = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	sha     = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	sha512  = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
)

func newRewriter(t testing.TB) *rewrite.Rewriter {
	t.Helper()
	r, err := rewrite.New([]rewrite.Rule{
		{Endpoint: shared, Sources: []string{public, private, "mirror.example.com:5000", "localhost:5000"},
			Repositories: rewrite.Patterns{Exclude: []string{"local/*"}}},
		{Endpoint: "other.registry.io", Sources: []string{"c-registry.cn-beijing.cr.aliyuncs.com"},
			Repositories: rewrite.Patterns{Include: []string{"team/**"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRewrite(t *testing.T) {
	tests := map[string]struct {
		image, want string
		reason      rewrite.Reason
	}{
		"a public endpoint becomes the shared one":           {public + "/demo/web:1", shared + "/demo/web:1", rewrite.Rewritten},
		"an internal endpoint becomes the shared one":        {private + "/demo/web:1", shared + "/demo/web:1", rewrite.Rewritten},
		"no tag stays no tag":                                {public + "/demo/web", shared + "/demo/web", rewrite.Rewritten},
		"a digest stays":                                     {public + "/demo/web@" + sha, shared + "/demo/web@" + sha, rewrite.Rewritten},
		"a sha512 digest stays":                              {public + "/demo/web@" + sha512, shared + "/demo/web@" + sha512, rewrite.Rewritten},
		"a tag beside a digest stays":                        {public + "/demo/web:1@" + sha, shared + "/demo/web:1@" + sha, rewrite.Rewritten},
		"the host compares without case":                     {"B-Registry.CN-Zhangjiakou.cr.aliyuncs.com/demo/Web:1", "B-Registry.CN-Zhangjiakou.cr.aliyuncs.com/demo/Web:1", rewrite.InvalidReference},
		"an uppercase host is replaced":                      {"B-Registry.CN-Zhangjiakou.cr.aliyuncs.com/demo/web:V1", shared + "/demo/web:V1", rewrite.Rewritten},
		"a host with a port matches with its port":           {"mirror.example.com:5000/demo/web:1", shared + "/demo/web:1", rewrite.Rewritten},
		"another port is another host":                       {"mirror.example.com:5001/demo/web:1", "mirror.example.com:5001/demo/web:1", rewrite.OtherHost},
		"the host without its port is another host":          {"mirror.example.com/demo/web:1", "mirror.example.com/demo/web:1", rewrite.OtherHost},
		"port 443 written out is another host":               {public + ":443/demo/web:1", public + ":443/demo/web:1", rewrite.OtherHost},
		"localhost with a port is a host":                    {"localhost:5000/x", shared + "/x", rewrite.Rewritten},
		"localhost alone is a host":                          {"localhost/x", "localhost/x", rewrite.OtherHost},
		"a dot in a host is no wildcard":                     {"b-registryxcn-zhangjiakouxcr.aliyuncs.com/demo/web", "b-registryxcn-zhangjiakouxcr.aliyuncs.com/demo/web", rewrite.OtherHost},
		"a source host as a prefix is another host":          {public + ".evil.example/demo/web", public + ".evil.example/demo/web", rewrite.OtherHost},
		"a source host as a suffix is another host":          {"x" + public + "/demo/web", "x" + public + "/demo/web", rewrite.OtherHost},
		"a source host in the middle is a path":              {"example.com/" + public + "/web", "example.com/" + public + "/web", rewrite.OtherHost},
		"the host again in the path stays there":             {public + "/" + public + "/web", shared + "/" + public + "/web", rewrite.Rewritten},
		"a first element with an uppercase letter is a host": {"Foo/bar", "Foo/bar", rewrite.OtherHost},
		"a short name has no host":                           {"nginx", "nginx", rewrite.NoHost},
		"a short name with a tag has no host":                {"nginx:1.29", "nginx:1.29", rewrite.NoHost},
		"a namespace is no host":                             {"library/nginx", "library/nginx", rewrite.NoHost},
		"the shared endpoint stays":                          {shared + "/demo/web:1", shared + "/demo/web:1", rewrite.AlreadyShared},
		"the shared endpoint in another case stays":          {"Cross-Region.registry.io/demo/web", "Cross-Region.registry.io/demo/web", rewrite.AlreadyShared},
		"an excluded repository stays":                       {public + "/local/tool:1", public + "/local/tool:1", rewrite.RepositoryExcluded},
		"below an excluded pattern is not excluded":          {public + "/local/deep/tool:1", shared + "/local/deep/tool:1", rewrite.Rewritten},
		"an included repository is rewritten":                {"c-registry.cn-beijing.cr.aliyuncs.com/team/a/b:1", "other.registry.io/team/a/b:1", rewrite.Rewritten},
		"what is not included stays":                         {"c-registry.cn-beijing.cr.aliyuncs.com/else/a:1", "c-registry.cn-beijing.cr.aliyuncs.com/else/a:1", rewrite.RepositoryExcluded},
		"empty text is no reference":                         {"", "", rewrite.InvalidReference},
		"a blank is no reference":                            {" ", " ", rewrite.InvalidReference},
		"a leading blank is kept":                            {" " + public + "/demo/web", " " + public + "/demo/web", rewrite.InvalidReference},
		"a trailing newline is kept":                         {public + "/demo/web\n", public + "/demo/web\n", rewrite.InvalidReference},
		"a host without a path is no reference":              {public + "/", public + "/", rewrite.InvalidReference},
		"an uppercase repository is no reference":            {public + "/Demo/web", public + "/Demo/web", rewrite.InvalidReference},
		"a broken digest is no reference":                    {public + "/demo/web@sha256:12", public + "/demo/web@sha256:12", rewrite.InvalidReference},
		"a URL is no reference":                              {"https://" + public + "/demo/web", "https://" + public + "/demo/web", rewrite.InvalidReference},
	}
	r := newRewriter(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.Rewrite(test.image)
			if got.Image != test.want || got.Reason != test.reason {
				t.Errorf("Rewrite(%q) = %q (%s), want %q (%s)", test.image, got.Image, got.Reason, test.want, test.reason)
			}
			if got.Changed() != (test.want != test.image) {
				t.Errorf("Changed() = %t for %q", got.Changed(), test.image)
			}
		})
	}
}

func TestResultNamesTheEndpoint(t *testing.T) {
	r := newRewriter(t)
	got := []rewrite.Result{
		r.Rewrite(public + "/demo/web"), r.Rewrite(public + "/local/tool"), r.Rewrite("nginx"),
	}
	want := []rewrite.Result{
		{Image: shared + "/demo/web", Endpoint: shared, Reason: rewrite.Rewritten},
		{Image: public + "/local/tool", Endpoint: shared, Reason: rewrite.RepositoryExcluded},
		{Image: "nginx", Reason: rewrite.NoHost},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesAmbiguity(t *testing.T) {
	tests := map[string]struct {
		rules []rewrite.Rule
		want  string
	}{
		"one endpoint twice": {
			[]rewrite.Rule{{Endpoint: "a.io"}, {Endpoint: "A.io"}},
			`two rules are for the endpoint "A.io"`,
		},
		"a host of two endpoints": {
			[]rewrite.Rule{{Endpoint: "a.io", Sources: []string{"x.io"}}, {Endpoint: "b.io", Sources: []string{"X.io"}}},
			`the source host "X.io" of endpoint "b.io" belongs to endpoint "a.io" already`,
		},
		"a loop": {
			[]rewrite.Rule{{Endpoint: "a.io", Sources: []string{"A.io"}}},
			`the source host "A.io" of endpoint "a.io" belongs to endpoint "a.io" already`,
		},
		"a chain": {
			[]rewrite.Rule{{Endpoint: "a.io", Sources: []string{"b.io"}}, {Endpoint: "b.io"}},
			`the source host "b.io" of endpoint "a.io" belongs to endpoint "b.io" already`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := rewrite.New(test.rules)
			if err == nil || err.Error() != test.want {
				t.Errorf("New() = %v, want %s", err, test.want)
			}
		})
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, r := range []rewrite.Reason{rewrite.Rewritten, rewrite.AlreadyShared, rewrite.NoHost, rewrite.OtherHost, rewrite.RepositoryExcluded, rewrite.InvalidReference} {
		if r.Sentence() == string(r) {
			t.Errorf("%s has no sentence", r)
		}
	}
}
