/* SPDX-License-Identifier: Apache-2.0 */
#include "app/receipt.h"

#include <inttypes.h>
#include <string.h>

#include "app/gateway.h"
#include "io/journal.h"

bool ward_receipt_covers(const struct ward_receipt *receipt, uint64_t seq)
{
    bool does = seq <= receipt->through;

    for (size_t i = 0; i < receipt->range_count && !does; i++)
        does = receipt->ranges[i].first <= seq && seq <= receipt->ranges[i].last;
    return does;
}

/* What both have stays what it is; what this database has for itself gets numbers of a new epoch. */
static void put_back(struct ward_gateway *gateway, uint64_t through, uint64_t differs_at)
{
    ward_journal_print_matter(LOG_CRIT, WARD_JOURNAL_DATABASE_PUT_BACK,
                              "The ward has records up to %" PRIu64 ", this database up to %" PRIu64
                              "%s: it was put back, and a new epoch begins",
                              through, gateway->head_seq, differs_at ? ", and others" : "");
    ward_technical_set(gateway, WARD_TECHNICAL_DATABASE_PUT_BACK, true);
    ward_delivery_is_put_back(&gateway->outbox.delivery);
    ward_store_put_back(gateway->store, through, differs_at);
}

static void take_over(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    if (ward_outbox_receipt(&gateway->outbox, receipt) == WARD_RECEIPT_PUT_BACK)
        put_back(gateway, receipt->through, 0);
}

static void compare(struct ward_gateway *gateway, const struct ward_receipt *receipt, const uint8_t ours[32])
{
    if (memcmp(ours, receipt->head, sizeof(receipt->head)) != 0) {
        put_back(gateway, receipt->through, receipt->through);
        return;
    }
    (void)ward_store_agreed(gateway->store, receipt->through);
    take_over(gateway, receipt);
}

static void take_records(struct ward_gateway *gateway, const struct ward_receipt *receipt);

static void looked_up(void *context, int error, const uint8_t *chain)
{
    struct ward_gateway *gateway = context;
    struct ward_receipts *receipts = &gateway->inbox.receipts;
    const struct ward_receipt receipt = receipts->waits;

    receipts->asked = false;
    if (!error && strcmp(receipt.epoch.text, gateway->epoch.text) == 0) {
        if (chain)
            compare(gateway, &receipt, chain);
        else
            take_over(gateway, &receipt);
    }
    if (receipts->has_newer) {
        receipts->has_newer = false;
        take_records(gateway, &receipts->newer);
    }
}

static void look_up(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    struct ward_receipts *receipts = &gateway->inbox.receipts;

    if (receipts->asked) {
        receipts->newer = *receipt;
        receipts->has_newer = true;
        return;
    }
    receipts->waits = *receipt;
    receipts->asked = ward_store_chain(gateway->store, receipt->through, looked_up, gateway) == 0;
}

static void take_records(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    if (strcmp(receipt->epoch.text, gateway->epoch.text) != 0)
        ward_outbox_past_receipt(&gateway->outbox, receipt);
    else if (!receipt->has_head || receipt->through > gateway->head_seq)
        take_over(gateway, receipt);
    else if (receipt->through == gateway->head_seq)
        compare(gateway, receipt, gateway->head_chain);
    else
        look_up(gateway, receipt);
}

void ward_receipt_take(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    ward_outbox_alarm_receipt(&gateway->outbox, receipt);
    ward_hub_test_receipt(gateway, receipt);
    take_records(gateway, receipt);
}
