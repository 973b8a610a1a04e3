package jsonfields

import (
	"fmt"
	"strconv"
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

// next passes over white space and gives the byte that follows.
func (s *scanner) next() byte {
	if s.at = space(s.data, s.at); s.at == len(s.data) {
		return end
	}
	if c := s.data[s.at]; c != end {
		return c
	}
	return 1 // a byte that is there, and begins nothing either
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

// pass goes on behind what one of the functions of skip.go has found.
func (s *scanner) pass(behind int, ok bool) error {
	s.at = behind
	if !ok {
		return s.wrong("JSON, at most " + strconv.Itoa(maxDepth) + " deep,")
	}
	return nil
}

// wrong says what stands where something else is wanted.
func (s *scanner) wrong(want string) error {
	if s.at >= len(s.data) {
		return fmt.Errorf("it ends where %s is expected, at byte %d", want, s.at)
	}
	return fmt.Errorf("%s is expected at byte %d, where %q is", want, s.at, s.data[s.at])
}
