/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders about whose a device is. They are clinical, as assign is: who binds a device says of everything that it will
 * measure to whom it belongs.
 *
 *   bind     the device is the patient's, from now on or since a moment that has been; who had it gives it up, unless it
 *            is shared
 *   unbind   what it measures from now on belongs to nobody: of all, or of the patient and the slot that are named
 *   swap     the patient's bindings of the device end, and the same begin for the one that replaces it, slot by slot
 *
 * What was in the memory of a device when it was bound stays unassigned (ownership.h), whoever orders it.
 */
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"

static const char no_device[] = "No such device is enrolled here.";
static const char no_patient[] = "No such patient and episode is looked after here.";

static void done(struct ward_execution *execution, const char *reason)
{
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, reason);
    ward_execution_submit_applied(execution);
}

/* Why the device cannot be bound so; NULL: it can. */
static const char *why_not_bind(const struct ward_gateway *gateway, const struct ward_binding_order *order)
{
    if (!order->device)
        return no_device;
    if (!order->watch)
        return no_patient;
    const char *beside = ward_binding_why_not_beside(gateway, order);

    return beside || order->from_ms == 0 ? beside : ward_binding_why_not_from(gateway, order);
}

static void bind_device(struct ward_execution *execution)
{
    const struct ward_gateway *gateway = execution->gateway;
    const struct ward_command *command = &execution->order->command;
    const struct ward_binding_order order = {
        .device = ward_registry_device(&gateway->registry, command->binding.device.text),
        .watch = ward_order_watch(gateway, execution->order),
        .slot =
            command->binding.slot == WARD_COMMAND_NO_SLOT ? WARD_SLOT_NONE : (uint8_t)command->binding.slot,
        .shared = command->binding.shared,
        .from_ms = command->binding.from_ms};
    const char *refusal = why_not_bind(gateway, &order);

    if (refusal) {
        ward_execution_refuse(execution, refusal);
        return;
    }
    if (ward_binding_stands(gateway, &order)) {
        done(execution, "It was bound so already.");
        return;
    }
    execution->group.change_count +=
        ward_binding_changes(gateway, &order, execution->changes + execution->group.change_count);
    done(execution, "");
}

static void unbind_device(struct ward_execution *execution)
{
    const struct ward_order *order = execution->order;
    const struct ward_command *command = &order->command;
    const struct ward_binding_choice choice = {
        .device = command->binding.device.text,
        .patient = order->patient.text,
        .episode = order->episode.text,
        .slot = command->binding.slot == WARD_COMMAND_NO_SLOT ? WARD_SLOT_ANY : command->binding.slot};
    const size_t count =
        ward_binding_ends(execution->gateway, &choice, execution->changes + execution->group.change_count);

    execution->group.change_count += count;
    if (!ward_registry_device(&execution->gateway->registry, choice.device))
        ward_execution_refuse(execution, no_device);
    else if (count == 0)
        ward_execution_refuse(execution, "That device is not bound like that.");
    else
        done(execution, "");
}

/* Why the one cannot take the other's place; NULL: it can. */
static const char *why_not_swap(const struct ward_execution *execution)
{
    const struct ward_registry *registry = &execution->gateway->registry;
    const struct ward_command *command = &execution->order->command;
    const struct ward_store_device *replacement =
        ward_registry_device(registry, command->binding.replacement.text);

    if (!execution->order->patient.text[0] || !ward_order_watch(execution->gateway, execution->order))
        return no_patient;
    if (!ward_registry_device(registry, command->binding.device.text))
        return no_device;
    if (!replacement)
        return "The device that is to replace it is not enrolled here.";
    if (ward_binding_count(execution->gateway, command->binding.replacement.text) > 0)
        return "The device that is to replace it is bound already: unbind it first.";
    return ward_binding_why_not_now(execution->gateway, replacement);
}

static void swap_devices(struct ward_execution *execution)
{
    const struct ward_order *order = execution->order;
    const struct ward_command *command = &order->command;
    const struct ward_binding_choice choice = {.device = command->binding.device.text,
                                               .patient = order->patient.text,
                                               .episode = order->episode.text,
                                               .slot = WARD_SLOT_ANY};
    const char *refusal = why_not_swap(execution);
    size_t count = 0;

    if (!refusal)
        count = ward_binding_swaps(
            execution->gateway, &choice,
            ward_registry_device(&execution->gateway->registry, command->binding.replacement.text),
            execution->changes + execution->group.change_count);
    execution->group.change_count += count;
    if (!refusal && count == 0)
        refusal = "That device is not this patient's: nothing is to be replaced.";
    if (refusal)
        ward_execution_refuse(execution, refusal);
    else
        done(execution, "");
}

void ward_order_of_device(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_execution *execution = ward_execution_new(gateway, order);

    if (!execution)
        return;
    if (order->command.kind == WARD_COMMAND_BIND)
        bind_device(execution);
    else if (order->command.kind == WARD_COMMAND_UNBIND)
        unbind_device(execution);
    else
        swap_devices(execution);
    free(execution);
}
