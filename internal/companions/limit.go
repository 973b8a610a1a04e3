package companions

import "cmp"

// count lets an original be followed, if there is room, or if room is made: whoever
// makes thousands of Secrets in a namespace must not keep all others from theirs.
func (v *view) count(k key, r *record) {
	if v.counted >= v.limit {
		last, ok := v.last(k.namespace)
		if !ok {
			r.waiting = true
			v.waiting++
			return
		}
		gives := v.secrets[last]
		gives.counted, gives.waiting = false, true
		v.uncount(last)
		v.waiting++
	}
	r.counted, r.waiting = true, false
	v.counted++
	v.countedIn[k.namespace]++
}

// uncount is for one that isn't followed any more.
func (v *view) uncount(k key) {
	v.counted--
	if v.countedIn[k.namespace]--; v.countedIn[k.namespace] == 0 {
		delete(v.countedIn, k.namespace)
	}
}

// last is the last, by its name, that is followed in the namespace with the most, if
// that has more than the one that asks, even when that has one more.
func (v *view) last(asks string) (found key, ok bool) {
	most, n := "", v.countedIn[asks]+1
	for namespace, counted := range v.countedIn {
		if counted > n || counted == n && most != "" && namespace > most {
			most, n = namespace, counted
		}
	}
	if most == "" {
		return key{}, false
	}
	for k, r := range v.secrets {
		if r.counted && k.namespace == most && (!ok || k.name > found.name) {
			found, ok = k, true
		}
	}
	return found, ok
}

// first is the first of those that wait, of the namespace of which the fewest are followed.
func (v *view) first() (found key, ok bool) {
	if v.waiting == 0 {
		return key{}, false
	}
	for k, r := range v.secrets {
		if r.waiting && (!ok || cmp.Or(cmp.Compare(v.countedIn[k.namespace], v.countedIn[found.namespace]), compareKeys(k, found)) < 0) {
			found, ok = k, true
		}
	}
	return found, ok
}
