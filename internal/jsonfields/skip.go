package jsonfields

import "bytes"

// The functions of this file take data and a place in it, and return the place
// behind what they are named after, or the place of the mistake and false. Most
// of the time goes into them, and a place in a variable is faster than one in
// memory.

// space gives the place of the next byte that is no white space.
func space(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\n' || data[at] == '\t' || data[at] == '\r') {
		at++
	}
	return at
}

// value passes over white space, and one value with all that is in it.
func value(data []byte, at int) (behind int, ok bool) {
	var within nesting
	depth := 0
	for {
		if at = space(data, at); at >= len(data) {
			return at, false
		}
		switch c := data[at]; c {
		case '"':
			at, ok = quoted(data, at)
		case '{', '[':
			if depth++; depth > maxDepth {
				return at, false
			}
			within.set(depth, c == '{')
			if at = space(data, at+1); at < len(data) && data[at] == c+2 { // in ASCII: { and }, [ and ]
				ok = true
				break // it's empty, and ends as others do
			}
			if c == '{' {
				if at, ok = name(data, at); !ok {
					return at, false
				}
			}
			continue
		default:
			at, ok = scalar(data, at)
		}
		if !ok {
			return at, false
		}
		if at, depth, ok = within.leave(data, at, depth); !ok || depth == 0 {
			return at, ok
		}
	}
}

// leave passes over the brackets that close behind a value, up to the beginning of the next.
func (n *nesting) leave(data []byte, at, depth int) (behind, left int, ok bool) {
	for ; depth > 0; depth-- {
		if at = space(data, at); at >= len(data) {
			return at, depth, false
		}
		object := n.object(depth)
		switch c := data[at]; {
		case c == ',':
			at++
			if object {
				at, ok = name(data, at)
				return at, depth, ok
			}
			return at, depth, true
		case c == '}' && object, c == ']' && !object:
			at++
		default:
			return at, depth, false
		}
	}
	return at, 0, true
}

// maxDepth is that of encoding/json.
const maxDepth = 10000

// nesting tells at each depth whether there is an object; else there is an array.
type nesting [maxDepth/64 + 1]uint64

func (n *nesting) set(depth int, object bool) {
	n[depth/64] &^= 1 << (depth % 64)
	if object {
		n[depth/64] |= 1 << (depth % 64)
	}
}

func (n *nesting) object(depth int) bool { return n[depth/64]>>(depth%64)&1 == 1 }

// name passes over white space, the name of a field and the colon.
func name(data []byte, at int) (behind int, ok bool) {
	if at = space(data, at); at >= len(data) || data[at] != '"' {
		return at, false
	}
	if at, ok = quoted(data, at); !ok {
		return at, false
	}
	if at = space(data, at); at >= len(data) || data[at] != ':' {
		return at, false
	}
	return at + 1, true
}

// quoted passes over a string, whose first quote is at the place.
func quoted(data []byte, at int) (behind int, ok bool) {
	for from := at + 1; ; {
		length := bytes.IndexByte(data[from:], '"')
		if length < 0 {
			return len(data), false
		}
		quote := from + length
		from = quote + 1
		backslashes := 0
		for data[quote-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return from, true
		}
	}
}

// scalar passes over a number, true, false or null.
func scalar(data []byte, at int) (behind int, ok bool) {
	if at >= len(data) {
		return at, false
	}
	switch data[at] {
	case 't':
		return word(data, at, "true")
	case 'f':
		return word(data, at, "false")
	case 'n':
		return word(data, at, "null")
	}
	return number(data, at)
}

func word(data []byte, at int, want string) (behind int, ok bool) {
	if len(data)-at < len(want) || string(data[at:at+len(want)]) != want {
		return at, false
	}
	return at + len(want), true
}

// number passes over -? (0|[1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?
func number(data []byte, at int) (behind int, ok bool) {
	at = either(data, at, '-', '-')
	if behind = either(data, at, '0', '0'); behind == at {
		behind = digits(data, at)
	}
	if behind == at {
		return at, false
	}
	at = behind
	if behind = either(data, at, '.', '.'); behind > at {
		if at = digits(data, behind); at == behind {
			return at, false
		}
	}
	if behind = either(data, at, 'e', 'E'); behind > at {
		behind = either(data, behind, '+', '-')
		if at = digits(data, behind); at == behind {
			return at, false
		}
	}
	return at, true
}

// either passes over one of two bytes, if it is there.
func either(data []byte, at int, a, b byte) int {
	if at < len(data) && (data[at] == a || data[at] == b) {
		return at + 1
	}
	return at
}

func digits(data []byte, at int) int {
	for at < len(data) && '0' <= data[at] && data[at] <= '9' {
		at++
	}
	return at
}
