package jsonfields

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Reader reads values one after the other. After an error nothing more can be read.
type Reader struct {
	scanner
}

// NewReader reads data, which must not change as long as anything of it is used.
func NewReader(data []byte) *Reader { return &Reader{scanner{data: data}} }

// Object reads an object. It calls field with each name, which counts until
// field returns; field reads the value with one of the other methods, or calls
// Skip. It says whether there is an object: not where there is null.
func (r *Reader) Object(field func(name []byte) error) (there bool, err error) {
	if there, err = r.open('{', "an object"); !there {
		return false, err
	}
	for first := true; ; first = false {
		more, err := r.more('}', first)
		if err != nil || !more {
			return err == nil, err
		}
		name, err := r.text("a name")
		if err != nil {
			return false, err
		}
		if err := r.colon(); err != nil {
			return false, err
		}
		if err := field(name); err != nil {
			return false, err
		}
	}
}

// Array reads an array. It calls element for each element, which must read it.
// It says whether there is an array: not where there is null.
func (r *Reader) Array(element func() error) (there bool, err error) {
	if there, err = r.open('[', "an array"); !there {
		return false, err
	}
	for first := true; ; first = false {
		more, err := r.more(']', first)
		if err != nil || !more {
			return err == nil, err
		}
		if err := element(); err != nil {
			return false, err
		}
	}
}

// String reads a string; null is an empty one.
func (r *Reader) String() (string, error) {
	if r.next() == 'n' {
		return "", r.pass(word(r.data, r.at, "null"))
	}
	text, err := r.text("a string")
	return string(text), err
}

// Bool reads true or false; null is false.
func (r *Reader) Bool() (bool, error) {
	switch r.next() {
	case 't':
		return true, r.pass(word(r.data, r.at, "true"))
	case 'f':
		return false, r.pass(word(r.data, r.at, "false"))
	case 'n':
		return false, r.pass(word(r.data, r.at, "null"))
	}
	return false, r.wrong("true or false")
}

// Strings reads an object whose values are strings; null is none.
func (r *Reader) Strings() (map[string]string, error) {
	values := map[string]string{}
	there, err := r.Object(func(name []byte) error {
		value, err := r.String()
		values[string(name)] = value
		return err
	})
	if err != nil || !there {
		return nil, err
	}
	return values, nil
}

// Try reads a value that may not be what is wanted: an error of read is its
// result, and the value is passed over. The error is that the value is no JSON.
func (r *Reader) Try(read func() error) (result, err error) {
	begin := r.at
	if result = read(); result != nil {
		r.at = begin
		err = r.Skip()
	}
	return result, err
}

// Skip reads over any value.
func (r *Reader) Skip() error { return r.pass(value(r.data, r.at)) }

// End fails when anything but white space follows.
func (r *Reader) End() error {
	if r.next() != end {
		return r.wrong("the end")
	}
	return nil
}

// open reads the beginning of an object or array.
func (r *Reader) open(bracket byte, want string) (there bool, err error) {
	switch r.next() {
	case bracket:
		r.at++
		return true, nil
	case 'n':
		return false, r.pass(word(r.data, r.at, "null"))
	}
	return false, r.wrong(want)
}

// text reads a string as its bytes, which are those of the data where nothing is escaped.
func (r *Reader) text(want string) ([]byte, error) {
	if r.next() != '"' {
		return nil, r.wrong(want)
	}
	begin := r.at
	if err := r.pass(quoted(r.data, r.at)); err != nil {
		return nil, err
	}
	inner := r.data[begin+1 : r.at-1]
	if plain(inner) {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal(r.data[begin:r.at], &text); err != nil {
		return nil, fmt.Errorf("the string at byte %d: %w", begin, err)
	}
	return []byte(text), nil
}

// plain says whether a string's bytes are what they mean.
func plain(inner []byte) bool {
	for _, c := range inner {
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return c >= utf8.RuneSelf && utf8.Valid(inner) && bytes.IndexByte(inner, '\\') < 0 && bytes.IndexFunc(inner, control) < 0
		}
	}
	return true
}

func control(c rune) bool { return c < ' ' }
