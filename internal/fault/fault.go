// Package fault names the places where a crash hurts, and crashes there.
//
// The build that people use has nothing of it: At is an empty function that is inlined away. Built with the tag
// "faults", a process kills itself at the place that HLS_FAULT names, so that tests can look at what is left.
package fault

// Place is a point in the code at which a crash hurts.
type Place string

// The places, in the order in which a delivery passes them.
const (
	BodyRead      Place = "body_read"      // the body was read, nothing of it is believed
	Verified      Place = "verified"       // its signature holds
	InTransaction Place = "in_transaction" // the delivery is written, not committed
	Committed     Place = "committed"      // it is durable, and GitHub has no answer yet
	Answered      Place = "answered"       // GitHub has its 202
	Claimed       Place = "claimed"        // a worker has the task
	Reserved      Place = "reserved"       // money is set aside, Claude is not asked yet
	Analyzed      Place = "analyzed"       // Claude has answered, the answer is not stored
	Intended      Place = "intended"       // the effects stand in the ledger as intents
	Sending       Place = "sending"        // an effect stands there as sending, and was not sent
	Posted        Place = "posted"         // GitHub has answered a write, nobody has read the answer
	Doing         Place = "doing"          // the effect is known to be there, the ledger does not say so yet
)

// Places are all of them.
var Places = []Place{
	BodyRead, Verified, InTransaction, Committed, Answered, Claimed, Reserved, Analyzed, Intended, Sending, Posted, Doing,
}
