package jsonfields_test

import (
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
		"a number for a string":              {`{"x":1,"a":7}`, "", nil, "/a is not a string: it is a number"},
		"a number in an array":               {`{"b":["1",7]}`, "", []string{"1", ""}, "/b/1 is not a string: it is a number"},
		"an object for an array":             {`{"b":{}}`, "", nil, "/b is not an array: it is an object"},
		"an array for an object":             {`[]`, "", nil, " is not an object: it is an array"},
		"something behind the end":           {`{} {}`, "", nil, "something follows the end of the object"},
		"no JSON in what is skipped":         {`{"x":[}`, "", nil, "jsontext: "},
		"nothing":                            {``, "", nil, "EOF"},
		"what is cut off":                    {`{"a":"1"`, "1", nil, "jsontext: unexpected EOF"},
		"nesting without end that's skipped": {`{"x":` + strings.Repeat("[", 20000), "", nil, "jsontext: "},
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

func TestValueStaysAsItStands(t *testing.T) {
	data := []byte(`{"x": {"a" : [1.0, "ü"]} , "y":null}`)
	var values []string
	r := jsonfields.NewReader(data)
	if _, err := r.Object(func([]byte) error {
		value, err := r.Value()
		values = append(values, string(value))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`{"a" : [1.0, "ü"]}`, ""}, values); diff != "" {
		t.Error(diff)
	}
}
