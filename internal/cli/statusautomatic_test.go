package cli_test

import (
	"strings"
	"testing"
)

// ofAutomatic is what automatic mode has done some minutes ago.
const ofAutomatic = `"automatic":{"mode":"Automatic","action":"hold still","hold":"SetByPerson","why":"a person has set the switch: it is left alone until it is privatezone again","ill":false,"since":"$NOW","at":"$NOW","movesToday":0}`

func TestWhatAutomaticModeDoes(t *testing.T) {
	for sentence, test := range map[string]struct{ told, text, json string }{
		"nobody has told":           {`{"version":1}`, "  ‼ what automatic mode does isn't known: the controller hasn't told yet\n", `"problem": "what automatic mode does isn't known`},
		"it can't be read":          {`{"automatic":[]}`, "  ‼ what automatic mode does can't be read: ", `"problem": "what automatic mode does can't be read`},
		"it isn't asked for":        {`{"automatic":{"mode":"Manual","action":"hold still","hold":"ManualMode","why":"failover.mode is Manual: the switch is left to people","since":"$NOW","at":"$NOW"}}`, "  √ failover.mode is Manual: the switch is left to people; as of 4 min ago\n", `"hold": "ManualMode"`},
		"it isn't, and one is ill":  {`{"automatic":{"mode":"Manual","action":"hold still","hold":"ManualMode","why":"left to people","ill":true,"since":"$NOW","at":"$NOW"}}`, "  ‼ left to people; as of 4 min ago\n", `"ill": true`},
		"it holds still":            {`{"automatic":{"mode":"Automatic","action":"hold still","hold":"NotReady","why":"\u001b","ill":true,"since":"$NOW","at":"$NOW"}}`, "  ‼ automatic mode: hold still for 4 min: NotReady: \\x1b; as of 4 min ago\n", `"hold": "NotReady"`},
		"it moves":                  {`{"automatic":{"mode":"Automatic","action":"move","why":"ill","ill":true,"since":"$NOW","at":"$NOW","movesToday":2}}`, "  ‼ automatic mode: move for 4 min: ill; 2 moves within 24 hours; as of 4 min ago\n", `"movesToday": 2`},
		"it has said nothing since": {`{"automatic":{"mode":"Manual","action":"hold still","why":"left to people","since":"2020-01-01T00:00:00Z","at":"2020-01-01T00:00:00Z"}}`, "  ‼ left to people; as of 2020-01-01T00:00:00Z, which is old\n", `"old": true`},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := statusAPI(t)
			a[statusPath] = toldOf(test.told)
			if _, got, _ := statusOf(t, a); !strings.Contains(got, test.text) {
				t.Errorf("got\n%s", got)
			}
			if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, test.json) {
				t.Errorf("got\n%s", got)
			}
		})
	}
	a := statusAPI(t)
	delete(a, statusPath)
	if _, got, _ := statusOf(t, a, "-o", "json"); !strings.Contains(got, `"automatic": null`) {
		t.Errorf("without the right to read it:\n%s", got)
	}
}
