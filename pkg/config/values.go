package config

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a span of time written as Go does: 5s, 10m, 1h30m.
type Duration struct {
	time.Duration
	// Malformed is the text that could not be read as a duration; validation
	// reports it with the field's path, which decoding doesn't know.
	Malformed string
}

// UnmarshalJSON reads the text of a duration; null keeps the default.
func (d *Duration) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	*d = Duration{}
	if err := json.Unmarshal(data, &text); err != nil {
		d.Malformed = string(data)
		return nil
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		d.Malformed = fmt.Sprintf("%q", text)
		return nil
	}
	d.Duration = parsed
	return nil
}

// MarshalJSON writes the text of the duration.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// unmarshalWord reads a word, and the bare Off of YAML 1.1, which is the boolean
// false, as "Off"; null keeps the default.
func unmarshalWord[W ~string](data []byte, word *W) error {
	switch string(data) {
	case "null":
		return nil
	case "false":
		*word = "Off"
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		text = string(data) // validation reports it with the field's path
	}
	*word = W(text)
	return nil
}
