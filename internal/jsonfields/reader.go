package jsonfields

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Reader reads values one after the other. After an error nothing more can be read.
type Reader struct {
	data    []byte
	decoder *jsontext.Decoder
}

// NewReader reads data, which must not change as long as anything of it is used.
func NewReader(data []byte) *Reader {
	return &Reader{data, jsontext.NewDecoder(bytes.NewBuffer(data),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
}

// Object reads an object. It calls field with each name, which counts until
// field returns; field reads the value with one of the other methods, or calls
// Skip. It says whether there is an object: not where there is null.
func (r *Reader) Object(field func(name []byte) error) (there bool, err error) {
	if there, err = r.open('{', "an object"); !there {
		return false, err
	}
	for r.decoder.PeekKind() != '}' {
		quoted, err := r.decoder.ReadValue()
		if err != nil {
			return false, err
		}
		name := quoted[1 : len(quoted)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			if name, err = jsontext.AppendUnquote(nil, quoted); err != nil {
				return false, err
			}
		}
		if err := field(name); err != nil {
			return false, err
		}
	}
	_, err = r.decoder.ReadToken()
	return err == nil, err
}

// Array reads an array. It calls element for each element, which must read it.
// It says whether there is an array: not where there is null.
func (r *Reader) Array(element func() error) (there bool, err error) {
	if there, err = r.open('[', "an array"); !there {
		return false, err
	}
	for r.decoder.PeekKind() != ']' {
		if err := element(); err != nil {
			return false, err
		}
	}
	_, err = r.decoder.ReadToken()
	return err == nil, err
}

func (r *Reader) open(kind jsontext.Kind, want string) (there bool, err error) {
	token, err := r.decoder.ReadToken()
	switch {
	case err != nil:
		return false, err
	case token.Kind() == kind:
		return true, nil
	case token.Kind() == 'n':
		return false, nil
	}
	return false, r.unexpected(want, token.Kind())
}

// String reads a string; null is an empty one.
func (r *Reader) String() (string, error) {
	token, err := r.decoder.ReadToken()
	switch {
	case err != nil:
		return "", err
	case token.Kind() == '"':
		return token.String(), nil
	case token.Kind() == 'n':
		return "", nil
	}
	return "", r.unexpected("a string", token.Kind())
}

// Strings reads an object whose values are strings; null is none.
func (r *Reader) Strings() (map[string]string, error) {
	values := map[string]string{}
	there, err := r.Object(func(name []byte) error {
		key := string(name)
		value, err := r.String()
		values[key] = value
		return err
	})
	if err != nil || !there {
		return nil, err
	}
	return values, nil
}

// Value reads any value as it stands in the data; null is nil.
func (r *Reader) Value() ([]byte, error) {
	value, err := r.decoder.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return nil, err
	}
	// What the decoder returns is its own, for a moment.
	end := r.decoder.InputOffset()
	return r.data[end-int64(len(value)) : end], nil
}

// Skip reads over any value.
func (r *Reader) Skip() error { return r.decoder.SkipValue() }

// End fails when anything but white space follows.
func (r *Reader) End() error {
	switch _, err := r.decoder.ReadToken(); {
	case err == nil:
		return errors.New("something follows the end of the object")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

func (r *Reader) unexpected(want string, got jsontext.Kind) error {
	return fmt.Errorf("%s is not %s: it is %s", r.decoder.StackPointer(), want, kinds[got])
}

var kinds = map[jsontext.Kind]string{
	'"': "a string", '0': "a number", 't': "true", 'f': "false", '{': "an object", '[': "an array",
}
