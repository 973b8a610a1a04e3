package cluster

import (
	"testing"
)

const (
	public = "a-registry.cn-hangzhou.cr.aliyuncs.com"
	shared = "cross-region.registry.io"
)

func TestNames(t *testing.T) {
	for sentence, test := range map[string]struct {
		text string
		host string
		want bool
	}{
		"the host alone":                         {public, public, true},
		"in other case":                          {"A-Registry.cn-hangzhou.cr.aliyuncs.com/", public, true},
		"a reference":                            {public + "/prod/web:1", public, true},
		"a reference with a scheme":              {"https://" + public + "/prod", public, true},
		"among others":                           {"docker.io/*, " + public + "/*", public, true},
		"with a glob behind":                     {public + "*", public, true},
		"in code":                                {`object.spec.containers.all(c, c.image.startsWith('` + public + `/'))`, public, true},
		"in Rego":                                {`startswith(image, "` + public + `/")`, public, true},
		"at the end of a sentence":               {"Images come from " + public + ".", public, true},
		"a longer name in front":                 {"x" + public, public, false},
		"a longer name with a label in front":    {"eu." + public, public, false},
		"a longer name behind":                   {public + ".example.com/x", public, false},
		"a longer name with a hyphen":            {public + "-old/x", public, false},
		"a port makes it another host":           {public + ":5000/x", public, false},
		"a port that is asked for":               {"registry.example.com:5000/x", "registry.example.com:5000", true},
		"a longer port":                          {"registry.example.com:50001/x", "registry.example.com:5000", false},
		"first as a part and then alone":         {"x" + public + " " + public, public, true},
		"another host":                           {"b-registry.cn-hangzhou.cr.aliyuncs.com", public, false},
		"a regular expression's dots":            {`^a-registry\.cn-hangzhou\.cr\.aliyuncs\.com/.*$`, public, true},
		"dots in brackets":                       {`a-registry[.]cn-hangzhou[.]cr[.]aliyuncs[.]com/`, public, true},
		"dots that code escapes twice":           {`image.matches('^a-registry\\.cn-hangzhou\\.cr\\.aliyuncs\\.com/')`, public, true},
		"a word boundary in front":               {`\ba-registry\.cn-hangzhou\.cr\.aliyuncs\.com`, public, true},
		"one of several":                         {`^(a|b)-registry\.cn-[a-z]+\.cr\.aliyuncs\.com/`, public, true},
		"an expression for other hosts":          {`^(c|d)-registry\.cn-[a-z]+\.cr\.aliyuncs\.com/`, public, false},
		"an expression for any of the domain":    {`.+\.cr\.aliyuncs\.com/.*`, public, true},
		"the same isn't for the shared endpoint": {`.+\.cr\.aliyuncs\.com/.*`, shared, false},
		"an expression for all hosts names none": {`^[a-z0-9.-]+/.*$`, public, false},
		"a piece of code is no expression":       {`input.review.object.spec.containers[c].image`, shared, false},
		"a glob of the domain":                   {"*.cr.aliyuncs.com/*", public, true},
		"a glob of the domain, several levels":   {"*.aliyuncs.com/**", public, true},
		"a glob of another domain":               {"*.example.com/*", public, false},
		"a glob within the name":                 {"a-registry*.cn-*.cr.aliyuncs.com/prod/*", public, true},
		"a glob for one character":               {"?-registry.cn-hangzhou.cr.aliyuncs.com/*", public, true},
		"a glob that begins like it":             {"a-registry*", public, true},
		"a glob with a tag":                      {"a-registry*:*", public, true},
		"one of two globs":                       {"docker.io/* | *.cr.aliyuncs.com/*", public, true},
		"a negated glob":                         {"!*.cr.aliyuncs.com/*", public, true},
		"a glob with a scheme":                   {"https://*.cr.aliyuncs.com/", public, true},
		"all names none":                         {"*", public, false},
		"all paths name none":                    {"**/*", public, false},
		"any image of a tag names none":          {"*:latest", public, false},
		"a glob in the path only":                {"quay.io/a-registry*", public, false},
		"kinds of Kubernetes":                    {"*/*", shared, false},
		"a name that begins like the endpoint":   {"cross-*", shared, true},
		"an expression with a class in capitals": {`^\S+\.cr\.aliyuncs\.com/`, public, true},
		"a bad expression":                       {"^(a-registry", public, false},
		"a repository of the name":               {"docker.io/" + public + "/x", public, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := newPhrase(test.text, false).names(test.host); got != test.want {
				t.Errorf("%q names %s: %v", test.text, test.host, got)
			}
		})
	}
}

func TestAPrefixNamesWhatBeginsWithIt(t *testing.T) {
	for text, want := range map[string]bool{"a-registry.cn-": true, "a-registry.": true, "a-registry-vpc.": false, "a-registry.cn-hangzhou.cr.aliyuncs.com/prod": true, "b-": false, "": false, "a.": false} {
		if got := newPhrase(text, true).names(public); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, text := range []string{public, "*.cr.aliyuncs.com/*", `^(a|b)\.cn-[a-z]+/`, `\\\`, "[.]", "://*", "?"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		newPhrase(text, true).names(shared)
		if !newPhrase(text+" "+public+"/x "+text, false).names(public) {
			t.Errorf("a host between %q isn't seen", text)
		}
	})
}
