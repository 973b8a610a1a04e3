package switching

import (
	"net/http"
	"testing"
	"time"
)

type answers func() (*http.Response, error)

func (a answers) RoundTrip(*http.Request) (*http.Response, error) { return a() }

func TestOnlyWhatIsCertainOfTheSkewCounts(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	for sentence, test := range map[string]struct {
		asked, answered int // in milliseconds after the second that the answer tells
		want            time.Duration
	}{
		"within the second":                    {200, 900, 0},
		"the second is over when it arrives":   {900, 1400, 0},
		"it came slowly":                       {-3000, 4000, 0},
		"the API server's clock is ahead":      {-7000, -5000, 5 * time.Second},
		"the API server's clock is behind":     {7000, 9000, -6 * time.Second},
		"it may be the end of the second":      {1000, 1200, 0},
		"it can't be the second's end anymore": {1001, 1200, -time.Millisecond},
	} {
		if got := skew(noon, at(test.asked), at(test.answered)); got != test.want {
			t.Errorf("%s: %s", sentence, got)
		}
	}
}

func TestAnAnswerWithoutATimeChangesNothing(t *testing.T) {
	var c Clock
	for _, date := range []string{time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "", "noon"} {
		response, err := c.Wrap(answers(func() (*http.Response, error) {
			return &http.Response{Header: http.Header{"Date": {date}}, Body: http.NoBody}, nil
		})).RoundTrip(nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if got := c.Skew(); got < 59*time.Minute || got > time.Hour || time.Until(c.Now()) < 59*time.Minute {
			t.Errorf("after %q it is %s", date, got)
		}
	}
	if (*Clock)(nil).Skew() != 0 {
		t.Error("none has a skew")
	}
}
