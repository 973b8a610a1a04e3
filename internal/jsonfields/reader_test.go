package jsonfields_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/jsonfields"
)

// read takes a, a string, and b, an array of strings, from an object.
func read(data string) (a string, b []string, err error) {
	r := jsonfields.NewReader([]byte(data))
	_, err = r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "a":
			a, err = r.String()
			return err
		case "b":
			b = nil
			_, err = r.Array(func() error {
				element, err := r.String()
				b = append(b, element)
				return err
			})
			return err
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	return a, b, err
}

func TestReader(t *testing.T) {
	for sentence, test := range map[string]struct {
		data string
		a    string
		b    []string
		err  string // its beginning; none where empty
	}{
		"an empty object":                    {`{}`, "", nil, ""},
		"null is no object":                  {`null`, "", nil, ""},
		"fields among others":                {`{"x":{"a":"no"},"a":"yes","y":[{"b":[]}],"b":["1","2"]} `, "yes", []string{"1", "2"}, ""},
		"null is no value":                   {`{"a":null,"b":null}`, "", nil, ""},
		"names compare with case":            {`{"A":"no","B":["no"]}`, "", nil, ""},
		"the last of two counts":             {`{"a":"1","b":["1"],"a":"2","b":["2"]}`, "2", []string{"2"}, ""},
		"an escaped name":                    {`{"\u0061":"yes"}`, "yes", nil, ""},
		"an escaped value":                   {`{"a":"\"\u00fc\n"}`, "\"ü\n", nil, ""},
		"bytes that are no UTF-8":            {"{\"a\":\"\xff\"}", "\ufffd", nil, ""},
		"a number for a string":              {`{"x":1,"a":7}`, "", nil, "a string is expected at byte 11, where '7' is"},
		"a number in an array":               {`{"b":["1",7]}`, "", []string{"1", ""}, "a string is expected at byte 10, where '7' is"},
		"an object for an array":             {`{"b":{}}`, "", nil, "an array is expected at byte 5, where '{' is"},
		"an array for an object":             {`[]`, "", nil, "an object is expected at byte 0, where '[' is"},
		"something behind the end":           {`{} {}`, "", nil, "the end is expected at byte 3, where '{' is"},
		"no JSON in what is skipped":         {`{"x":[}`, "", nil, "JSON, at most 10000 deep, is expected at byte 6, where '}' is"},
		"nothing":                            {``, "", nil, "it ends where an object is expected, at byte 0"},
		"what is cut off":                    {`{"a":"1"`, "1", nil, "it ends where a comma or } is expected, at byte 8"},
		"nesting without end that's skipped": {`{"x":` + strings.Repeat("[", 20000), "", nil, "JSON, at most 10000 deep, is expected at byte 10005, where '[' is"},
	} {
		t.Run(sentence, func(t *testing.T) {
			a, b, err := read(test.data)
			if a != test.a || !cmp.Equal(b, test.b) {
				t.Errorf("a is %q, b is %q", a, b)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err)) {
				t.Errorf("the error is %v, not %q", err, test.err)
			}
		})
	}
}

// FuzzSkip holds that what is skipped is JSON, but for the inside of strings.
func FuzzSkip(f *testing.F) {
	for _, data := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\\\"",{}],"b":{"c":[]}}`, "{\"a\":\"\x00\"}", `[01]`, `[1.]`, `[-]`, `[,]`, `[1,]`, `{"a"}`, `{"a":}`, `{,}`,
		`"\\"`, `"\"`, `tru`, ` 1 `, "1\x00", "\x00", `[}`, `{]`, `1e`, `nulll`, `"a`, `[[`,
	} {
		f.Add([]byte(data))
	}
	inside := regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"`)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := jsonfields.NewReader(data)
		err := r.Skip()
		if err == nil {
			err = r.End()
		}
		if got, want := err == nil, json.Valid(inside.ReplaceAll(data, []byte(`""`))); got != want {
			t.Errorf("%q is JSON: %t, skipped: %v", data, want, err)
		}
		r = jsonfields.NewReader(data)
		if text, err := r.String(); err == nil && r.End() == nil {
			var want string
			if err := json.Unmarshal(data, &want); err != nil || text != want {
				t.Errorf("%q is %q: %v", data, text, err)
			}
		}
	})
}

func TestTryGoesOnBehindTheValue(t *testing.T) {
	r := jsonfields.NewReader([]byte(`{"x": {"a": ["b", 7]}, "y": "z"}`))
	var failed error
	var y string
	if _, err := r.Object(func(name []byte) (err error) {
		if string(name) == "y" {
			y, err = r.String()
			return err
		}
		failed, err = r.Try(func() error {
			_, err := r.Object(func([]byte) error {
				_, err := r.Array(func() error {
					_, err := r.String()
					return err
				})
				return err
			})
			return err
		})
		return err
	}); err != nil || y != "z" || failed == nil {
		t.Errorf("y is %q, failed %v, error %v", y, failed, err)
	}
}

func TestBool(t *testing.T) {
	for data, want := range map[string]bool{"true": true, "false": false, "null": false} {
		if got, err := jsonfields.NewReader([]byte(data)).Bool(); got != want || err != nil {
			t.Errorf("%s is %v: %v", data, got, err)
		}
	}
	if _, err := jsonfields.NewReader([]byte(`"true"`)).Bool(); err == nil || !strings.Contains(err.Error(), "true or false is expected") {
		t.Errorf("a string is no bool: %v", err)
	}
}
