// Package prober probes every instance over every network from where pulls happen,
// again and again, and reports what it finds.
//
// [Judge] says what one probe means, [Record.Next] what several in a row do, both pure.
// [Prober] asks, with jitter and within a budget; [Reporter] writes the report: on change
// at once, else every half minute. Only what a pull needs is asked: nothing here tells
// whether a push would succeed.
package prober
