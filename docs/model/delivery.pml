/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery protocol: core, spool, uplink, broker, hub. README.md says what is modelled, what is not, and which
 * function each step stands for. Names begin with whose they are: d_ the core's disk, c_ the core's memory, k_ the
 * spool's connection, u_ the uplink, b_ broker and network, h_ the hub.
 *
 * Every atomic step is one that a crash cannot cut in two: a transaction, a packet, a pass of an event loop over one
 * event. A crash may come between any two of them.
 *
 * Macros that break it on purpose: FREE_ON_PUBACK, RECEIPT_BEYOND_HEAD, CREDIT_KEPT, HUB_COUNTS_TWICE, ALARM_IN_MEMORY,
 * RECEIPT_BEFORE_COMMIT, CHAIN_AT_OUR_HEAD_ONLY. PUT_BACK adds a database that is replaced by an older copy of itself.
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define WINDOW   2
#define RECEIPTS 2

/* Messages are record 0 .. RECORDS - 1, and the alarm event that record 0 raises: the first id it gets, or the second. */
#define ALARM          RECORDS
#define MESSAGES       (RECORDS + 2)
#define MASK(i)        (1 << (i))
#define ALL_RECORDS    (MASK(RECORDS) - 1)
#define HAS(set, i)    (((set) >> (i)) & 1)
#define RECORDS_OF(set) ((set) & ALL_RECORDS)

mtype = { LINK_UP, LINK_DOWN, CREDIT, RESULT, DOWN };

byte faults = FAULTS;
#ifdef ONLY_CORE
#define MAY_FAIL false /* nothing but the core */
#else
#define MAY_FAIL (faults > 0)
#endif

/* The core's disk. */
byte d_head;          /* records 0 .. d_head - 1 are committed */
byte d_delivered;     /* the marks */
bool d_alarm, d_alarm_done;
byte d_alarm_id = ALARM;
byte d_version;       /* PUT_BACK: which records were committed after it, and so are others under the same number */
bool d_was_put_back;

/* The core's memory. */
bool c_link, c_raised, c_alarm, c_alarm_sent, c_alarm_marked, c_told_put_back;
byte c_delivered, c_in_flight, c_credit, c_unanswered, c_round;

/* The spool: each end's view of the connection, and the packets in either direction. */
bool k_core, k_uplink;
chan to_uplink = [WINDOW] of { byte, byte };      /* message, round */
chan to_core = [6] of { mtype, byte, byte };      /* CREDIT frames round, RESULT message, DOWN set version */
#define ROOM (len(to_core) < 4)                   /* for what one step says; without it the uplink waits */

/* The uplink: its connection to the broker, what it told the core, its window. */
bool u_open, u_told;
byte u_round, u_granted;
#define FREE     0
#define SENT     1
#define ANSWERED 2
byte u_slot[WINDOW], u_message[WINDOW];
bool u_orphan[WINDOW];

/* Broker and network: sets, so what is in them comes in any order. */
byte b_waiting;                                   /* for the hub */
bool b_receipt[RECEIPTS];                         /* for the gateway */
byte b_receipt_set[RECEIPTS], b_receipt_version[RECEIPTS];
bool b_retained;
byte b_retained_set, b_retained_version;

/* The hub: its database, and whether it owes a receipt. */
bool h_owes;
byte h_has, h_version;
byte h_early;          /* RECEIPT_BEFORE_COMMIT: confirmed and not committed */
byte h_counted[MESSAGES];

#define DELIVERED  (d_head == RECORDS && d_delivered == ALL_RECORDS && d_alarm && d_alarm_done && \
                    RECORDS_OF(h_has) == ALL_RECORDS && HAS(h_has, d_alarm_id))
/* A database can still be put back when all was delivered. */
#ifdef PUT_BACK
#define FINISHED   ((DELIVERED && faults == 0) || c_told_put_back)
#else
#define FINISHED   DELIVERED
#endif

/* Nothing is under way and nobody is about to do anything: what is not answered now never will be. */
#define QUIET      (c_link && u_told && !h_owes && b_waiting == 0 && \
                    empty(to_core) && empty(to_uplink) && !b_receipt[0] && !b_receipt[1] && \
                    u_slot[0] == FREE && u_slot[1] == FREE)

/* What the ward has is never less than what is believed to be delivered, and it is the same records. */
#define SAFE       assert((c_delivered & ~h_has) == 0); \
                   assert((c_delivered & (d_version ^ h_version)) == 0); \
                   assert(!d_alarm_done || HAS(h_has, d_alarm_id))

/* ---- the spool's connection ---- */

inline reset_credit()
{
#ifndef CREDIT_KEPT
    c_credit = 0;
    c_unanswered = 0;
#else
    c_unanswered = 0
#endif
}

/* Everything undelivered waits again, alarms first. */
inline core_link_down()
{
    c_link = false;
    reset_credit();
    c_in_flight = 0;
    c_alarm_sent = false
}

inline void_window()
{
    u_granted = 0;
    if
    :: u_slot[0] != FREE -> u_orphan[0] = true
    :: else
    fi;
    if
    :: u_slot[1] != FREE -> u_orphan[1] = true
    :: else
    fi
}

inline close_window()
{
    u_granted = 0;
    u_slot[0] = FREE; u_message[0] = 0; u_orphan[0] = false;
    u_slot[1] = FREE; u_message[1] = 0; u_orphan[1] = false
}

#define IN_FLIGHT ((u_slot[0] != FREE -> 1 : 0) + (u_slot[1] != FREE -> 1 : 0))

/* What the uplink sends to a core that is gone goes nowhere. */
inline tell(type, first, second)
{
    if
    :: k_core -> to_core!type, first, second
    :: else
    fi
}

inline grant()
{
    if
    :: u_told && u_granted + IN_FLIGHT < WINDOW ->
        tell(CREDIT, WINDOW - u_granted - IN_FLIGHT, u_round);
        u_granted = WINDOW - IN_FLIGHT
    :: else
    fi
}

inline tell_up()
{
    u_told = true;
    void_window();
    u_round = (u_round + 1) % 4;
    tell(LINK_UP, 0, 0);
    grant()
}

inline forget_packets()
{
    do
    :: len(to_uplink) > 0 -> to_uplink?_, _
    :: len(to_uplink) == 0 -> break
    od;
    do
    :: len(to_core) > 0 -> to_core?_, _, _
    :: len(to_core) == 0 -> break
    od
}

inline clear_receipts()
{
    b_receipt[0] = false; b_receipt_set[0] = 0; b_receipt_version[0] = 0;
    b_receipt[1] = false; b_receipt_set[1] = 0; b_receipt_version[1] = 0
}

/* The connections to the broker end: what was on them is lost, in either direction. */
inline broker_lost()
{
    u_open = false;
    clear_receipts();
    close_window()
}

/* ---- the core ---- */

#define MAY_GO(is_alarm) (c_credit > 0 && (is_alarm || c_unanswered == 0 || c_credit > 1) && nfull(to_uplink))
#define WAITS(i)         (i < d_head && !HAS(c_delivered | c_in_flight, i))

inline hand_over(message)
{
    to_uplink!message, c_round;
    c_credit--;
    c_unanswered++
}

inline core_restart()
{
    c_delivered = d_delivered;
    c_raised = d_alarm;
    c_alarm_marked = false;
#ifdef ALARM_IN_MEMORY
    c_alarm = false
#else
    c_alarm = d_alarm && !d_alarm_done
#endif
}

/* The chain at through says whether all up to there are our records. */
#define DIFFERENT(set, version) ((RECORDS_OF(set) & (MASK(d_head) - 1) & (version ^ d_version)) != 0)
#ifdef CHAIN_AT_OUR_HEAD_ONLY
#define CHAIN_DIFFERS(set, version) (RECORDS_OF(set) == MASK(d_head) - 1 && DIFFERENT(set, version))
#else
#define CHAIN_DIFFERS(set, version) DIFFERENT(set, version)
#endif

inline take_receipt(set, version)
{
    if
#ifndef RECEIPT_BEYOND_HEAD
    :: (RECORDS_OF(set) >> d_head) != 0 || CHAIN_DIFFERS(set, version) ->
        assert(d_was_put_back);
        c_told_put_back = true
#endif
    :: else ->
        c_delivered = c_delivered | RECORDS_OF(set);
        if
        :: c_alarm && HAS(set, d_alarm_id) -> c_alarm = false; c_alarm_sent = false; c_alarm_marked = true
        :: else
        fi
    fi
}

proctype core()
{
    mtype type;
    byte first, second;

end:
    do
    /* a measurement is evaluated: the alarm event is handed over at once, in parallel with the commit */
    :: atomic { d_head == 0 && !c_raised ->
            c_raised = true; c_alarm = true; c_alarm_sent = false }

    /* the store thread: one transaction with record, event and the marks that are due */
    :: atomic { d_head < RECORDS && (d_head > 0 || c_raised) ->
            if
            :: d_head == 0 && !d_alarm -> d_alarm = true
            :: else
            fi;
            if
            :: d_was_put_back -> d_version = d_version | MASK(d_head)
            :: else
            fi;
            d_head++ }

    /* the store thread: the marks */
    :: atomic { (d_delivered != c_delivered || (c_alarm_marked && d_alarm)) ->
            d_delivered = c_delivered;
            if
            :: c_alarm_marked && d_alarm -> d_alarm_done = true; c_alarm_marked = false
            :: else
            fi;
            SAFE }

    /* pump: alarms first, then what waits */
    :: atomic { c_link && c_alarm && !c_alarm_sent && MAY_GO(true) ->
            hand_over(d_alarm_id); c_alarm_sent = true }
    :: atomic { c_link && !(c_alarm && !c_alarm_sent) && MAY_GO(false) && WAITS(0) ->
            hand_over(0); c_in_flight = c_in_flight | MASK(0) }
    :: atomic { c_link && !(c_alarm && !c_alarm_sent) && MAY_GO(false) && !WAITS(0) && WAITS(1) ->
            hand_over(1); c_in_flight = c_in_flight | MASK(1) }
#if RECORDS > 2
    :: atomic { c_link && !(c_alarm && !c_alarm_sent) && MAY_GO(false) && !WAITS(0) && !WAITS(1) && WAITS(2) ->
            hand_over(2); c_in_flight = c_in_flight | MASK(2) }
#endif

    /* the resend timer: in time, that is long after everything under way has come or gone; or, as a fault, too early */
    :: atomic { QUIET && ((c_in_flight & ~c_delivered) != 0 || (c_alarm && c_alarm_sent)) ->
            c_in_flight = 0; c_alarm_sent = false }
    :: atomic { c_link && MAY_FAIL && (c_in_flight != 0 || c_alarm_sent) ->
            faults--; c_in_flight = 0; c_alarm_sent = false }

    /* one frame of the uplink */
    :: atomic { k_core && nempty(to_core) ->
            to_core?type, first, second;
            if
            :: type == LINK_UP -> core_link_down(); c_link = true
            :: type == LINK_DOWN -> core_link_down()
            :: type == CREDIT -> assert(c_link); c_credit = c_credit + first; c_round = second
            :: type == RESULT ->
                assert(c_unanswered > 0);
                c_unanswered--;
#ifdef FREE_ON_PUBACK
                if
                :: first < ALARM -> c_delivered = c_delivered | MASK(first)
                :: first == d_alarm_id && c_alarm -> c_alarm = false; c_alarm_marked = true
                :: else
                fi
#endif
            :: type == DOWN -> take_receipt(first, second)
            fi;
            type = 0; first = 0; second = 0;
            SAFE }

    /* the uplink is gone */
    :: atomic { k_core && !k_uplink && empty(to_core) -> k_core = false; core_link_down() }
    od
}

/* ---- the uplink ---- */

proctype uplink()
{
    byte message, round, slot;

end:
    do
    /* it joins; the core leaves its will with it, and it may connect */
    :: atomic { !k_core && !k_uplink ->
            k_core = true; k_uplink = true;
            forget_packets();
            void_window();
            u_told = false;
            if
            :: u_open -> tell_up()
            :: else
            fi }

    /* the core is gone: the connections to the broker are closed, so that it publishes the will */
    :: atomic { k_uplink && !k_core && empty(to_uplink) ->
            k_uplink = false; u_told = false; void_window() }
    :: atomic { !k_uplink && u_open -> broker_lost() }

    /* both connections to the broker are open; what it retains comes first */
    :: atomic { k_uplink && !u_open && ROOM ->
            u_open = true;
            close_window();
            if
            :: b_retained ->
                b_receipt[0] = true; b_receipt_set[0] = b_retained_set; b_receipt_version[0] = b_retained_version
            :: else
            fi;
            tell_up() }

    /* a message of the core */
    :: atomic { k_uplink && nempty(to_uplink) ->
            to_uplink?message, round;
            if
            :: u_told && round == u_round ->
                assert(u_granted > 0 && (u_slot[0] == FREE || u_slot[1] == FREE));
                slot = (u_slot[0] == FREE -> 0 : 1);
                u_slot[slot] = SENT; u_message[slot] = message; u_orphan[slot] = false;
                u_granted--
            :: else
            fi;
            message = 0; round = 0; slot = 0 }

    /* the broker's answer */
    :: atomic { u_open && (u_slot[0] == ANSWERED || u_slot[1] == ANSWERED) && ROOM ->
            slot = (u_slot[0] == ANSWERED -> 0 : 1);
            message = u_message[slot];
            u_slot[slot] = FREE; u_message[slot] = 0;
            if
            :: !u_orphan[slot] && u_told -> tell(RESULT, message, 0)
            :: else
            fi;
            u_orphan[slot] = false; message = 0; slot = 0;
            grant() }

    /* a receipt, any of those that are here; or, as a fault, one that comes again */
    :: atomic { u_open && k_uplink && len(to_core) == 0 && b_receipt[0] ->
            tell(DOWN, b_receipt_set[0], b_receipt_version[0]);
            if
            :: b_receipt[0] = false; b_receipt_set[0] = 0; b_receipt_version[0] = 0
            :: MAY_FAIL -> faults--
            fi }
    :: atomic { u_open && k_uplink && len(to_core) == 0 && b_receipt[1] ->
            tell(DOWN, b_receipt_set[1], b_receipt_version[1]);
            if
            :: b_receipt[1] = false; b_receipt_set[1] = 0; b_receipt_version[1] = 0
            :: MAY_FAIL -> faults--
            fi }
    od
}

/* ---- the broker ---- */

inline broker_takes(slot)
{
    b_waiting = b_waiting | MASK(u_message[slot]);
    u_slot[slot] = ANSWERED
}

proctype broker()
{
end:
    do
    :: atomic { u_open && u_slot[0] == SENT -> broker_takes(0) }
    :: atomic { u_open && u_slot[1] == SENT -> broker_takes(1) }
    od
}

/* ---- the hub ---- */

inline hub_commits(message)
{
    if
    :: message < ALARM && HAS(h_has, message) && ((h_version ^ d_version) & MASK(message)) != 0 ->
        skip /* another record under the same number: refused */
#ifndef HUB_COUNTS_TWICE
    :: HAS(h_has, message) && !(message < ALARM && ((h_version ^ d_version) & MASK(message)) != 0) ->
        h_owes = true
#endif
    :: else ->
        h_has = h_has | MASK(message);
        h_version = h_version | (d_version & MASK(message));
        h_counted[message]++;
        assert(h_counted[message] <= 1);
        h_owes = true
    fi
}

#define SOMETHING_FOR_HUB(i) (HAS(b_waiting, i))

/* The hub commits, and the broker forgets the message; or, as a fault, brings it again. */
inline hub_hears(message)
{
#ifdef RECEIPT_BEFORE_COMMIT
    h_early = h_early | MASK(message);
    h_owes = true;
#else
    hub_commits(message);
#endif
    if
    :: b_waiting = b_waiting & ~MASK(message)
    :: MAY_FAIL -> faults--
    fi
}

inline publish_receipt(slot, set)
{
    b_retained = true; b_retained_set = set; b_retained_version = h_version;
    if
    :: u_open -> b_receipt[slot] = true; b_receipt_set[slot] = set; b_receipt_version[slot] = h_version
    :: else
    fi;
    h_owes = false
}

proctype hub()
{
end:
    do
    :: atomic { SOMETHING_FOR_HUB(0) -> hub_hears(0) }
    :: atomic { SOMETHING_FOR_HUB(1) -> hub_hears(1) }
    :: atomic { SOMETHING_FOR_HUB(2) -> hub_hears(2) }
    :: atomic { SOMETHING_FOR_HUB(3) -> hub_hears(3) }
#if RECORDS > 2
    :: atomic { SOMETHING_FOR_HUB(4) -> hub_hears(4) }
#endif
    :: atomic { h_owes && !b_receipt[0] -> publish_receipt(0, h_has | h_early) }
    :: atomic { h_owes && b_receipt[0] && !b_receipt[1] -> publish_receipt(1, h_has | h_early) }
#ifdef RECEIPT_BEFORE_COMMIT
    :: atomic { h_early != 0 && !h_owes -> h_has = h_has | h_early; h_early = 0 }
#endif
    od
}

/* ---- what goes wrong, at any moment, faults times in all ---- */

proctype adversary()
{
end:
    do
    /*
     * SIGKILL of the core: its memory is gone; what it sent may still be read. It is started again at once: one that is
     * not started yet does the same as one that does nothing yet. So it is below.
     */
    :: atomic { faults > 0 ->
            faults--;
            k_core = false;
            core_link_down();
            c_round = 0; c_credit = 0; c_unanswered = 0;
            do
            :: len(to_core) > 0 -> to_core?_, _, _
            :: len(to_core) == 0 -> break
            od;
            if
            :: c_raised && !d_alarm -> d_alarm_id = ALARM + 1 /* it will be raised again, and is another */
            :: else
            fi;
#ifdef PUT_BACK
            if
            :: d_head > 0 && !d_was_put_back ->
                d_was_put_back = true;
                d_head--;
                d_delivered = d_delivered & (MASK(d_head) - 1);
                if
                :: d_head == 0 -> d_alarm = false; d_alarm_done = false; d_alarm_id = ALARM + 1
                :: else
                fi
            :: true
            fi;
#endif
            core_restart() }

    /* SIGKILL of the uplink */
    :: atomic { MAY_FAIL && k_uplink ->
            faults--;
            k_uplink = false; u_told = false; u_round = 0;
            broker_lost();
            do
            :: len(to_uplink) > 0 -> to_uplink?_, _
            :: len(to_uplink) == 0 -> break
            od }

    /* SIGKILL of the hub */
    :: atomic { MAY_FAIL && h_owes -> faults--; h_owes = false; h_early = 0 }

    /* the connection to the broker is lost */
    :: atomic { MAY_FAIL && u_open && k_uplink && ROOM ->
            faults--;
            broker_lost();
            u_told = false;
            tell(LINK_DOWN, 0, 0) }

    /* what the broker had acknowledged, or a receipt, is lost */
    :: atomic { MAY_FAIL && b_waiting != 0 ->
            faults--;
            if
            :: HAS(b_waiting, 0) -> b_waiting = b_waiting & ~MASK(0)
            :: HAS(b_waiting, 1) -> b_waiting = b_waiting & ~MASK(1)
            :: HAS(b_waiting, 2) -> b_waiting = b_waiting & ~MASK(2)
            :: HAS(b_waiting, 3) -> b_waiting = b_waiting & ~MASK(3)
            :: RECORDS > 2 && HAS(b_waiting, 4) -> b_waiting = b_waiting & ~MASK(4)
            fi }
    :: atomic { MAY_FAIL && b_receipt[0] ->
            faults--; b_receipt[0] = false; b_receipt_set[0] = 0; b_receipt_version[0] = 0 }
    od
}

/* The others may wait for ever once all is done, and not before: if they do, this one stands in an invalid end state. */
proctype witness()
{
    FINISHED
}

init
{
    atomic { run core(); run uplink(); run broker(); run hub(); run adversary(); run witness() }
}

/* Whatever goes wrong, finitely often: in the end everything committed is at the hub and known to be there. */
ltl delivered { <> FINISHED }
