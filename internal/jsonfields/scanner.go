package jsonfields

import (
	"bytes"
	"fmt"
)

// A scanner walks over JSON (RFC 8259). It is strict about everything but the
// inside of strings that nobody reads: what is escaped there, and how, is the
// sender's affair.
type scanner struct {
	data []byte
	at   int // the next byte to look at
}

// end is what next gives behind the last byte; no JSON begins with it.
const end = 0

// maxDepth is that of encoding/json.
const maxDepth = 10000

// next passes over white space and gives the byte that follows.
func (s *scanner) next() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		case end:
			return 1 // a byte that is there, and begins nothing either
		default:
			return c
		}
	}
	return end
}

// more says whether another element follows in an object or array, and passes
// over what stands before it.
func (s *scanner) more(bracket byte, first bool) (bool, error) {
	switch c := s.next(); {
	case c == bracket:
		s.at++
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.wrong("a comma or " + string(rune(bracket)))
	}
	s.at++
	if s.next() == bracket {
		return false, s.wrong("a value")
	}
	return true, nil
}

func (s *scanner) colon() error {
	if s.next() != ':' {
		return s.wrong("a colon")
	}
	s.at++
	return nil
}

// skip passes over one value.
func (s *scanner) skip(depth int) error {
	switch c := s.next(); c {
	case '"':
		return s.quoted()
	case '{', '[':
		return s.skipNested(c, depth+1)
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) skipNested(opening byte, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	s.at++
	for first := true; ; first = false {
		more, err := s.more(opening+2, first) // in ASCII: { and }, [ and ]
		if err != nil || !more {
			return err
		}
		if opening == '{' {
			if s.next() != '"' {
				return s.wrong("a name")
			}
			if err := s.quoted(); err != nil {
				return err
			}
			if err := s.colon(); err != nil {
				return err
			}
		}
		if err := s.skip(depth); err != nil {
			return err
		}
	}
}

// quoted passes over a string, the first quote of which is next.
func (s *scanner) quoted() error {
	for from := s.at + 1; ; {
		length := bytes.IndexByte(s.data[from:], '"')
		if length < 0 {
			s.at = len(s.data)
			return s.wrong("the end of a string")
		}
		quote := from + length
		backslashes := 0
		for quote-backslashes > s.at+1 && s.data[quote-backslashes-1] == '\\' {
			backslashes++
		}
		from = quote + 1
		if backslashes%2 == 0 {
			s.at = from
			return nil
		}
	}
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.at:], []byte(word)) {
		return s.wrong(word)
	}
	s.at += len(word)
	return nil
}

// number passes over a number: -? (0|[1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?
func (s *scanner) number() error {
	at := s.at
	s.accept("-")
	if !s.accept("0") && s.digits() == 0 {
		s.at = at
		return s.wrong("a value")
	}
	if s.accept(".") && s.digits() == 0 {
		return s.wrong("a digit")
	}
	if s.accept("eE") {
		s.accept("+-")
		if s.digits() == 0 {
			return s.wrong("a digit")
		}
	}
	return nil
}

// accept passes over a byte that is one of some.
func (s *scanner) accept(some string) bool {
	if s.at < len(s.data) && bytes.IndexByte([]byte(some), s.data[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() (count int) {
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
		count++
	}
	return count
}

// wrong says what stands where something else is wanted.
func (s *scanner) wrong(want string) error {
	if s.at >= len(s.data) {
		return fmt.Errorf("it ends where %s is expected, at byte %d", want, s.at)
	}
	return fmt.Errorf("%s is expected at byte %d, where %q is", want, s.at, s.data[s.at])
}
