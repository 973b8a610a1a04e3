package program

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// StartListening starts one of our programs, which is told to log as JSON, and
// returns when it says at which address it listens for a protocol.
func StartListening(ctx context.Context, protocol, path string, args ...string) (p *Program, addr string, err error) {
	var said Tail
	listening := make(chan string, 1)
	p, err = Start(ctx, func(line string) {
		said.Add(line)
		if addr := listeningFor(protocol, line); addr != "" {
			select {
			case listening <- addr:
			default:
			}
		}
	}, path, args...)
	if err != nil {
		return nil, "", err
	}
	select {
	case addr = <-listening:
		return p, addr, nil
	case <-time.After(StartTimeout):
		err = fmt.Errorf("%s does not log that it listens for %s; its last lines are:\n%s", path, protocol, &said)
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.Stop()
	return nil, "", err
}

// listeningFor returns the address in the log line that tells it, else "".
func listeningFor(protocol, line string) string {
	var entry struct{ Msg, Proto, Addr string }
	if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Msg != "listening" || entry.Proto != protocol {
		return ""
	}
	return entry.Addr
}
