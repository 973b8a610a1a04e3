package rewrite

import (
	_ "crypto/sha256" // reference parses only digests whose hash is linked
	_ "crypto/sha512"
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// Rule says which hosts one shared endpoint stands for.
type Rule struct {
	// Endpoint is the host that references are rewritten to.
	Endpoint string
	// Sources are the hosts that are replaced, host or host:port. They compare
	// whole and without case; a port counts, so host and host:443 differ.
	Sources []string
	// Repositories limits the rule to what the instances have in common.
	Repositories Patterns
}

// Result is what became of one reference.
type Result struct {
	// Image is the reference after rewriting; the bytes that went in where nothing changed.
	Image string
	// Endpoint is the shared endpoint that the reference's host stands for,
	// also where Reason then left it alone; else empty.
	Endpoint string
	Reason   Reason
}

// Changed says whether the reference was rewritten.
func (r Result) Changed() bool { return r.Reason == Rewritten }

// Rewriter rewrites references. It never changes and is safe for concurrent use.
type Rewriter struct {
	rules []Rule
	// byHost leads from each host in lowercase to its rule: the sources and the endpoints themselves.
	byHost map[string]int
}

// New makes a Rewriter. It refuses what would make a rewrite ambiguous or
// endless: a host that belongs to two rules, or is an endpoint and a source.
func New(rules []Rule) (*Rewriter, error) {
	r := &Rewriter{rules: rules, byHost: map[string]int{}}
	for i, rule := range rules {
		endpoint := strings.ToLower(rule.Endpoint)
		if _, taken := r.byHost[endpoint]; taken {
			return nil, fmt.Errorf("two rules are for the endpoint %q", rule.Endpoint)
		}
		r.byHost[endpoint] = i
	}
	for i, rule := range rules {
		for _, source := range rule.Sources {
			host := strings.ToLower(source)
			if other, taken := r.byHost[host]; taken && (other != i || r.isEndpoint(host, other)) {
				return nil, fmt.Errorf("the source host %q of endpoint %q belongs to endpoint %q already", source, rule.Endpoint, rules[other].Endpoint)
			}
			r.byHost[host] = i
		}
	}
	return r, nil
}

func (r *Rewriter) isEndpoint(host string, rule int) bool {
	return strings.EqualFold(host, r.rules[rule].Endpoint)
}

// Rewrite tells what an image reference becomes. It never fails: a reference
// that can't be parsed is left alone, with InvalidReference as its reason.
func (r *Rewriter) Rewrite(image string) Result {
	host, hasHost := Host(image)
	if !hasHost {
		if _, err := parse(image); err != nil {
			return Result{Image: image, Reason: InvalidReference}
		}
		return Result{Image: image, Reason: NoHost}
	}
	index, known := r.byHost[strings.ToLower(host)]
	repository, err := parse(image)
	switch {
	case err != nil:
		return Result{Image: image, Reason: InvalidReference}
	case !known:
		return Result{Image: image, Reason: OtherHost}
	}
	rule := r.rules[index]
	result := Result{Image: image, Endpoint: rule.Endpoint}
	switch {
	case r.isEndpoint(host, index):
		result.Reason = AlreadyShared
	case !rule.Repositories.Match(repository):
		result.Reason = RepositoryExcluded
	default:
		result.Image = rule.Endpoint + image[len(host):]
		result.Reason = Rewritten
	}
	return result
}

// Host returns the registry host of a reference as it is written there. A
// first path element is a host if it contains a dot or a colon, is "localhost"
// or has an uppercase letter, which no repository may have; without one the
// container runtime's default registry is meant.
func Host(image string) (host string, found bool) {
	first, _, slash := strings.Cut(image, "/")
	if !slash || first == "" {
		return "", false
	}
	if strings.ContainsAny(first, ".:") || first == "localhost" || strings.ToLower(first) != first {
		return first, true
	}
	return "", false
}

// parse returns the repository's path without host, tag and digest.
func parse(image string) (repository string, err error) {
	if path, plain := plainPath(image); plain {
		return path, nil
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", err
	}
	return reference.Path(named), nil
}
