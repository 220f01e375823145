package wacloud

import "sort"

// codeClass is what an error code of the API means for the caller.
type codeClass uint8

const (
	classUnknown codeClass = iota
	classAuth
	classPermission
	classThrottle
	classTransient
	classWindow
	classUndeliverable
	classParam
	classMedia
	classTemplate
	classPolicy
	classAccount
	classGroup
	classCall
	classFlow
	classPayment
)

// sentinel is the error that callers match for the class, nil for classUnknown.
func (c codeClass) sentinel() error {
	switch c {
	case classAuth, classPermission:
		return ErrAuth
	case classThrottle:
		return ErrRateLimited
	case classTransient:
		return ErrUnavailable
	case classWindow:
		return ErrWindowClosed
	case classUndeliverable:
		return ErrUndeliverable
	case classParam, classMedia, classGroup, classCall, classFlow, classPayment:
		return ErrInvalid
	case classTemplate:
		return ErrTemplate
	case classPolicy, classAccount:
		return ErrBlocked
	default:
		return nil
	}
}

// A repeatRule says whether a send that was answered with a code may be repeated.
type repeatRule uint8

const (
	repeatNever     repeatRule = iota // refused: the same request will be refused again
	repeatThrottled                   // refused before it was processed: after a pause
	repeatPair                        // as repeatThrottled, for this recipient only, after 4^X seconds
	repeatNotDone                     // Meta says that nothing was done
	repeatUnclear                     // a server fault: it may have been accepted
)

// codeInfo is one row of the code table: the codes from first to last.
type codeInfo struct {
	first, last int
	class       codeClass
	repeat      repeatRule
}

// codeTable holds the error codes of Meta's pages "error codes", "groups", "calling", "flows" and "payments" (read
// 2025-12 to 2026-03), sorted by code. The HTTP status plays no part: the pages print 400 where gateways saw 429.
// Which transient codes mean "not done" and which leave it open is our reading of the texts.
var codeTable = [...]codeInfo{
	{0, 0, classAuth, repeatNever},        // auth exception
	{1, 1, classTransient, repeatUnclear}, // unknown API error
	{2, 2, classTransient, repeatNotDone}, // temporarily down or overloaded
	{3, 3, classPermission, repeatNever},  // method or permission, with HTTP 500
	{4, 4, classThrottle, repeatThrottled},
	{10, 10, classPermission, repeatNever},
	{33, 33, classParam, repeatNever}, // phone number deleted or wrong id
	{100, 100, classParam, repeatNever},
	{190, 190, classAuth, repeatNever},       // token expired
	{200, 299, classPermission, repeatNever}, // permission not granted
	{368, 368, classPolicy, repeatNever},
	{613, 613, classThrottle, repeatThrottled},
	{1026, 1026, classUndeliverable, repeatNever}, // receiver incapable
	{2040, 2040, classPayment, repeatNever},
	{2046, 2047, classPayment, repeatNever},
	{80007, 80007, classThrottle, repeatThrottled}, // business account's hourly limit
	{130429, 130429, classThrottle, repeatThrottled},
	{130472, 130472, classUndeliverable, repeatNever}, // recipient is part of an experiment
	{130497, 130497, classPolicy, repeatNever},        // country restricted
	{130501, 130501, classGroup, repeatNever},
	{131000, 131000, classTransient, repeatUnclear}, // something went wrong
	{131005, 131005, classPermission, repeatNever},
	{131008, 131009, classParam, repeatNever},
	{131016, 131016, classTransient, repeatNotDone},
	{131020, 131020, classGroup, repeatNever},
	{131021, 131021, classParam, repeatNever}, // sender is recipient
	{131026, 131026, classUndeliverable, repeatNever},
	{131030, 131030, classParam, repeatNever},         // recipient is not in the test list
	{131031, 131031, classPolicy, repeatNever},        // account locked
	{131036, 131036, classUndeliverable, repeatNever}, // account without storage could not honour a retry
	{131037, 131037, classAccount, repeatNever},       // display name not approved
	{131041, 131041, classGroup, repeatNever},
	{131042, 131042, classAccount, repeatNever},     // payment or eligibility
	{131044, 131044, classCall, repeatNever},        // payment for calling
	{131045, 131045, classAccount, repeatNever},     // certificate
	{131047, 131047, classWindow, repeatNever},      // more than 24 h since the user's last message
	{131048, 131048, classPolicy, repeatNever},      // spam rate limit: Meta's throttle, but a quality problem to solve
	{131049, 131050, classPolicy, repeatNever},      // marketing withheld or stopped
	{131051, 131051, classParam, repeatNever},       // message type not supported
	{131052, 131053, classMedia, repeatNever},       // download, upload
	{131055, 131055, classParam, repeatNever},       // method not allowed
	{131056, 131056, classThrottle, repeatPair},     // too fast for this recipient
	{131057, 131057, classTransient, repeatNotDone}, // maintenance, throughput upgrade
	{131059, 131059, classParam, repeatNever},       // paging cursor
	{131060, 131060, classUndeliverable, repeatNever},
	{131062, 131062, classParam, repeatNever}, // business-scoped user id not supported here
	{131063, 131063, classPolicy, repeatNever},
	{131064, 131064, classThrottle, repeatNever}, // messaging limit lowered: does not pass by waiting
	{131201, 131215, classGroup, repeatNever},
	{132000, 132001, classTemplate, repeatNever},
	{132005, 132005, classTemplate, repeatNever},
	{132007, 132008, classTemplate, repeatNever},
	{132012, 132012, classTemplate, repeatNever},
	{132015, 132016, classTemplate, repeatNever}, // paused, disabled
	{132018, 132018, classTemplate, repeatNever},
	{132068, 132069, classFlow, repeatNever},
	{133000, 133000, classAccount, repeatNever}, // deregistration incomplete
	{133004, 133004, classTransient, repeatNotDone},
	{133005, 133006, classAccount, repeatNever},
	{133008, 133010, classAccount, repeatNever},
	{133015, 133015, classAccount, repeatNever},
	{133016, 133016, classThrottle, repeatNever}, // registration attempts: 72 hours
	{134011, 134011, classPayment, repeatNever},
	{134100, 134102, classTemplate, repeatNever},
	{135000, 135000, classParam, repeatNever},
	{137000, 137000, classParam, repeatNever}, // identity key hash
	{138000, 138018, classCall, repeatNever},
	{139000, 139004, classFlow, repeatNever},
	{139100, 139103, classParam, repeatNever}, // blocking users
	{139200, 139200, classPolicy, repeatNever},
	{147001, 147005, classParam, repeatNever}, // usernames
	{200005, 200007, classTemplate, repeatNever},
	{1752041, 1752041, classAccount, repeatNever},
	{2388000, 2388999, classTemplate, repeatNever}, // creating templates
	{2494100, 2494100, classAccount, repeatNever},  // migration
	{2593079, 2593079, classAccount, repeatNever},
	{2593085, 2593085, classAccount, repeatNever},
	{2593107, 2593108, classAccount, repeatNever},
}

// lookupCode finds the row of a code; the zero codeInfo means that it is not in the table.
func lookupCode(code int) codeInfo {
	i := sort.Search(len(codeTable), func(i int) bool { return codeTable[i].last >= code })
	if i == len(codeTable) || code < codeTable[i].first {
		return codeInfo{}
	}
	return codeTable[i]
}

// codeIs reports whether an error code belongs to a sentinel. Codes that are not in the table belong to none.
func codeIs(code int, target error) bool {
	s := lookupCode(code).class.sentinel()
	return s != nil && s == target //nolint:errorlint // the sentinels are values, not wrapped
}
