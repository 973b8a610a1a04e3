package nodereport

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The annotations of a report.
const (
	// AnswersAnnotation is a JSON object from endpoint to [Answer].
	AnswersAnnotation = "registry-failover.io/answers"
	// HostsAnnotation is one of the words below, or a sentence.
	HostsAnnotation = "registry-failover.io/hosts"
	// SinceAnnotation is Report.Since as RFC 3339, missing while that isn't known.
	SinceAnnotation = "registry-failover.io/hosts-since"
	// FindingsAnnotation is Report.Findings as a JSON list, missing while there are none.
	FindingsAnnotation = "registry-failover.io/findings"
	// VersionAnnotation is the version of the resolver.
	VersionAnnotation = "registry-failover.io/version"
)

// What a hosts file holds. Anything else is a sentence that says why it doesn't
// hold what it should.
const (
	// Applied: the block, as the answers demand.
	Applied = "applied"
	// None: no block, as the answers demand.
	None = "none"
	// Removed: no block, because the product is being uninstalled.
	Removed = "removed"
)

const (
	// MaxHostsBytes is how long a sentence about the hosts file may be, and each finding.
	MaxHostsBytes = 512
	// MaxFindings is how many findings are reported; further ones are left out.
	MaxFindings = 8
)

// Report is what a node tells. The answers and the hosts file are of one
// moment: Applied is said of the block that belongs to these answers.
type Report struct {
	// Answers are by endpoint name.
	Answers map[string]Answer
	Hosts   string
	// Since is when the block became what it is now, by the node's clock, in whole
	// seconds. What copied the hosts file before has another block, or none. After
	// a restart of the resolver it may be later: when anybody last wrote the file.
	Since time.Time
	// Findings are sentences about what else on the node leads pulls elsewhere.
	Findings []string
	Version  string
}

// Answer is where one endpoint leads on the node.
type Answer struct {
	// Switch is the hash of the accepted switch value, as [Hash] gives it; empty
	// while none has been accepted, and when the configuration has lost what it names.
	Switch string `json:"switch,omitempty"`
	// Target is where the answer leads, as a word of the switch with its network;
	// empty while there is no answer. While no address is known for what the
	// switch says, it is where the answer that is kept leads.
	Target string `json:"target,omitempty"`
}

// Hash is the form in which a report names a switch value: sha256: and the hex
// digits of SHA-256 over the value without surrounding white space.
func Hash(value string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(value)))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Equal says whether both tell the same.
func (r Report) Equal(s Report) bool {
	return r.Hosts == s.Hosts && r.Version == s.Version && r.Since.Equal(s.Since) &&
		slices.Equal(r.Findings, s.Findings) && maps.Equal(r.Answers, s.Answers)
}

// Annotations renders the report: the same report always as the same text.
func (r Report) Annotations() map[string]string {
	answers := r.Answers
	if answers == nil {
		answers = map[string]Answer{}
	}
	annotations := map[string]string{
		AnswersAnnotation: jsonText(answers),
		HostsAnnotation:   oneLine(r.Hosts),
		VersionAnnotation: r.Version,
	}
	if !r.Since.IsZero() {
		annotations[SinceAnnotation] = r.Since.UTC().Format(time.RFC3339)
	}
	if len(r.Findings) > 0 {
		var findings []string
		for _, f := range r.Findings[:min(len(r.Findings), MaxFindings)] {
			findings = append(findings, oneLine(f))
		}
		annotations[FindingsAnnotation] = jsonText(findings)
	}
	return annotations
}

// jsonText gives the same value always as the same text: keys are sorted.
func jsonText(value any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // no value of a report's types fails
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// Parse reads a report. It takes any hosts sentence and any version, and ignores
// other annotations, unknown fields of an answer, and a time or findings in
// a form that it doesn't know. An error is one sentence.
func Parse(annotations map[string]string) (Report, error) {
	r := Report{Hosts: annotations[HostsAnnotation], Version: annotations[VersionAnnotation]}
	r.Since, _ = time.Parse(time.RFC3339, annotations[SinceAnnotation])
	if json.Unmarshal([]byte(annotations[FindingsAnnotation]), &r.Findings) != nil {
		r.Findings = nil
	}
	text, there := annotations[AnswersAnnotation]
	if !there || r.Hosts == "" {
		return Report{}, errors.New("the annotations " + AnswersAnnotation + " and " + HostsAnnotation +
			" are not both there: a resolver writes them within 5 minutes")
	}
	if err := json.Unmarshal([]byte(text), &r.Answers); err != nil {
		return Report{}, fmt.Errorf("annotation %s is no JSON object from endpoint to answer: a resolver writes it anew within 5 minutes: %w", AnswersAnnotation, err)
	}
	return r, nil
}

// oneLine puts a sentence on one line of at most MaxHostsBytes, and of valid UTF-8.
func oneLine(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", "; ")), " "), "?")
	if len(text) <= MaxHostsBytes {
		return text
	}
	cut := MaxHostsBytes - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
