package companions

import (
	"cmp"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// MaxOriginals is how many Secrets are followed, of those that may have
// companions. What is beyond is neither read nor in the index, until others go. The
// namespaces with the most give way to those with fewer.
const MaxOriginals = 10_000

// maxShared is of how many different holdings it is known that they are kept already.
const maxShared = 1000

// key names a Secret.
type key struct{ namespace, name string }

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// view is what the watches have shown.
type view struct {
	limit int

	mu         sync.Mutex
	secrets    map[key]*record
	companions map[key][]string // names by the original
	counted    int
	countedIn  map[string]int // by namespace
	waiting    int
	holdings   map[string][]pullsecrets.Holding // of originals, each kept once
}

func newView() *view {
	return &view{
		limit: MaxOriginals, secrets: map[key]*record{}, companions: map[key][]string{},
		countedIn: map[string]int{}, holdings: map[string][]pullsecrets.Holding{},
	}
}

// see notes a Secret, and gives the originals of which there is something new.
func (v *view) see(l *lane, o *metav1.PartialObjectMetadata) []key {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := key{intern(o.Namespace), o.Name}
	r, old := newRecord(o), v.secrets[k]
	r.lane, r.turn = l, l.turn
	var news []key
	switch {
	case old == nil:
	case old.uid != r.uid && older(r.version, old.version):
		return nil // the other type's watch has shown what was made after it
	case old.uid == r.uid && old.version == r.version:
		old.lane, old.turn = l, l.turn
		return nil
	case old.uid == r.uid:
		r.known = old.known
		if r.ours == "" && old.ours == "" {
			r.counted, r.waiting, old.counted, old.waiting = old.counted, old.waiting, false, false // it keeps its place
		}
		if r.claim != nil && old.claim != nil {
			// With a version that follows, nothing that it says is believed unseen.
			r.claim.checked = cmp.Or(old.claim.checked, old.version)
		}
		fallthrough
	default:
		news = v.drop(k, old)
	}
	v.secrets[k] = r
	if r.claim != nil {
		of := key{k.namespace, r.claim.from}
		v.companions[of] = append(v.companions[of], k.name)
		news = append(news, of)
	}
	if r.ours == "" {
		if !r.counted && !r.waiting {
			v.count(k, r)
		}
		news = append(news, k)
	}
	return each(news)
}

// older compares resourceVersions; what is none isn't older.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}

// drop forgets a Secret, and gives the originals of which that is news.
func (v *view) drop(k key, r *record) []key {
	delete(v.secrets, k)
	var news []key
	if r.claim != nil {
		of := key{k.namespace, r.claim.from}
		left := slices.DeleteFunc(v.companions[of], func(name string) bool { return name == k.name })
		if v.companions[of] = left; len(left) == 0 {
			delete(v.companions, of)
		}
		news = append(news, of)
	}
	if r.ours == "" {
		news = append(news, k)
	}
	switch {
	case r.waiting:
		v.waiting--
	case r.counted:
		v.uncount(k)
		if next, ok := v.first(); ok {
			v.waiting--
			v.count(next, v.secrets[next])
			news = append(news, next)
		}
	}
	return news
}

// miss notes that a Secret is gone.
func (v *view) miss(o *metav1.PartialObjectMetadata) []key {
	v.mu.Lock()
	defer v.mu.Unlock()
	k := key{o.Namespace, o.Name}
	if r := v.secrets[k]; r != nil && r.uid == o.UID {
		return v.drop(k, r)
	}
	return nil // another has its name already
}

// sweep notes that what a complete list hasn't shown is gone.
func (v *view) sweep(l *lane) []key {
	return v.dropAll(func(_ key, r *record) bool { return r.lane == l && r.turn != l.turn })
}

// leave forgets what the lanes have shown, which is no news of anything.
func (v *view) leave(lanes []*lane) {
	v.dropAll(func(_ key, r *record) bool { return slices.Contains(lanes, r.lane) })
}

func (v *view) dropAll(which func(key, *record) bool) []key {
	v.mu.Lock()
	defer v.mu.Unlock()
	var news []key
	for k, r := range v.secrets {
		if which(k, r) {
			news = append(news, v.drop(k, r)...)
		}
	}
	return each(news)
}

// keys are the originals in some namespaces, and those that companions name, in order.
func (v *view) keys(in func(namespace string) bool) []key {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []key
	for k, r := range v.secrets {
		if r.ours == "" && in(k.namespace) {
			all = append(all, k)
		}
	}
	for k := range v.companions {
		if in(k.namespace) {
			all = append(all, k)
		}
	}
	return each(all)
}

// input is what there is of an original; ok is false where it is beyond the limit.
func (v *view) input(k key, s *settings) (in input, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in = input{name: k.name, rules: s.rules, derive: s.derives() && k.name != s.BreakGlass, observed: map[string]present{}}
	if r := v.secrets[k]; r != nil && s.isOriginal(k.name, r.ours) {
		if r.waiting {
			return in, false
		}
		in.original = &original{r.uid, r.version, r.known}
	}
	for _, name := range v.companions[k] {
		r := v.secrets[key{k.namespace, name}]
		in.observed[name] = present{*r.claim, r.uid, r.version}
	}
	return in, true
}

// learn notes what an original holds; changed says that the index may have to tell.
func (v *view) learn(k key, what *known) (changed bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := v.secrets[k]
	if r == nil || r.known == what {
		return false
	}
	changed = r.known == nil || !slices.Equal(r.known.holdings, what.holdings)
	// Thousands hold the same.
	text := encodeHoldings(what.holdings)
	if _, there := v.holdings[text]; !there {
		if len(v.holdings) >= maxShared {
			clear(v.holdings) // those that are in use stay where they are
		}
		v.holdings[text] = what.holdings
	}
	r.known = &known{what.version, what.rules, v.holdings[text], what.problem}
	return changed
}

// checked notes that a companion was found, or written, to be as it shall be.
func (v *view) checked(k key, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r := v.secrets[k]; r != nil && r.claim != nil {
		r.claim.checked = version
	}
}

// index is what is known of each namespace that is asked for. Of a Secret that
// wasn't read yet it is what was published before.
func (v *view) index(s *settings, in func(namespace string) bool, published pullsecrets.Index) pullsecrets.Index {
	v.mu.Lock()
	defer v.mu.Unlock()
	index := pullsecrets.Index{}
	for k, r := range v.secrets {
		if !r.counted || !s.isOriginal(k.name, r.ours) || !in(k.namespace) {
			continue
		}
		holdings, was := published[k.namespace][k.name]
		if r.known != nil {
			holdings, was = r.known.holdings, true
		}
		if !was {
			continue
		}
		if index[k.namespace] == nil {
			index[k.namespace] = pullsecrets.Namespace{}
		}
		index[k.namespace][k.name] = holdings
	}
	return index
}

// derivedIn are the namespaces with companions, in order.
func (v *view) derivedIn() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var names []string
	for k := range v.companions {
		names = append(names, k.namespace)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sizes are how many originals are followed and how many wait, and how many companions stand.
func (v *view) sizes() (originals, waiting, companions int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, names := range v.companions {
		companions += len(names)
	}
	return v.counted, v.waiting, companions
}

// each sorts keys, and has each of them once.
func each(keys []key) []key {
	slices.SortFunc(keys, compareKeys)
	return slices.Compact(keys)
}
