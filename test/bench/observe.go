package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// sum adds up all series of the resolver's metrics whose line begins with prefix.
func (s *server) sum(ctx context.Context, prefix string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.metrics+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	request.Close = true // a connection that stays open has a goroutine
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("could not read the resolver's metrics: %w", err)
	}
	defer response.Body.Close()
	var sum float64
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), prefix) {
			continue
		}
		value, err := strconv.ParseFloat(lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("could not read the metric %s: %w", lines.Text(), err)
		}
		sum += value
	}
	return sum, lines.Err()
}
