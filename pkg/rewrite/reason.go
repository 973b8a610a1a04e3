package rewrite

// Reason is why a reference became what it is. It is a word for scripts and
// metrics, Sentence says it for people.
type Reason string

const (
	// Rewritten: the host was a source host and is now the shared endpoint.
	Rewritten Reason = "Rewritten"
	// AlreadyShared: the reference names the shared endpoint.
	AlreadyShared Reason = "AlreadyShared"
	// NoHost: the reference names no registry host, so the runtime's default registry is meant.
	NoHost Reason = "NoHost"
	// OtherHost: the host is no source host of any endpoint.
	OtherHost Reason = "OtherHost"
	// RepositoryExcluded: the endpoint's include and exclude patterns leave the repository out.
	RepositoryExcluded Reason = "RepositoryExcluded"
	// InvalidReference: the text is no image reference.
	InvalidReference Reason = "InvalidReference"
)

var sentences = map[Reason]string{
	Rewritten:          "the host is a source host of the shared endpoint",
	AlreadyShared:      "the reference names the shared endpoint already",
	NoHost:             "the reference names no registry host",
	OtherHost:          "the host is not a source host of any endpoint",
	RepositoryExcluded: "the repository is left out by rewrite.repositories",
	InvalidReference:   "the text is not a valid image reference",
}

// Sentence says the reason for people; a reason of another package is returned as it is.
func (r Reason) Sentence() string {
	if s, known := sentences[r]; known {
		return s
	}
	return string(r)
}
