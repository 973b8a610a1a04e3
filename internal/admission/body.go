package admission

import (
	"io"
	"slices"
	"sync"
)

// buffers are for bodies up to smallBody, as almost all are.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// readBody reads what a request holds, and one byte more than it may, into the
// buffer where the length is known and small.
func readBody(body io.Reader, length int64, buffer *[]byte) ([]byte, error) {
	if length < 0 || length > MaxBodyBytes {
		return io.ReadAll(io.LimitReader(body, MaxBodyBytes+1))
	}
	if length > smallBody {
		buffer = new([]byte)
	}
	*buffer = slices.Grow((*buffer)[:0], int(length))
	data := (*buffer)[:length]
	n, err := io.ReadFull(body, data)
	return data[:n], err
}
