/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/check_word.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <wchar.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/verbs.h"

#define ATTEMPTS  3
#define WORD_SIZE 128 /* a check word has 32 octets at most */

/* Without the blanks around it. */
static void trim(char *text)
{
    const size_t blanks = strspn(text, " \t");
    size_t length;

    memmove(text, text + blanks, strlen(text) - blanks + 1);
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
}

/* Letters of any alphabet may be large or small, where the terminal's characters are known. */
static bool is_alike(const char *one, const char *other)
{
    wchar_t letters[2][WORD_SIZE];

    if (mbstowcs(letters[0], one, WORD_SIZE) == (size_t)-1 ||
        mbstowcs(letters[1], other, WORD_SIZE) == (size_t)-1)
        return strcasecmp(one, other) == 0;
    return wcscasecmp(letters[0], letters[1]) == 0;
}

/* word is without blanks around it. */
static bool is_same(const char *said, const char *word)
{
    char trimmed[WORD_SIZE];

    snprintf(trimmed, sizeof(trimmed), "%s", said);
    trim(trimmed);
    return strlen(said) < sizeof(trimmed) && is_alike(trimmed, word);
}

/* The right word is never shown: it would be read out to the patient, who then says yes. */
static int refuse(const char *patient)
{
    return ward_ctl_fail(
        "that is not the check word of %s. Nothing was done: make sure who is in front of you, and "
        "ask the ward.",
        patient);
}

static int ask(const json_t *patient, const char *word)
{
    const char *id = ward_document_text(patient, "patient"), *label = ward_document_text(patient, "label");
    char said[WORD_SIZE];

    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        fprintf(stderr, "%s%s%s%s. What check word does the patient say? ", id, *label != '\0' ? " (" : "",
                label, *label != '\0' ? ")" : "");
        fflush(stderr);
        if (fgets(said, sizeof(said), stdin) == NULL)
            break;
        if (is_same(said, word))
            return WARD_CTL_DONE;
        fputs("That is another word.\n", stderr);
    }
    return refuse(id);
}

static int compare(const json_t *patient, const char *given)
{
    const char *id = ward_document_text(patient, "patient");
    char word[WORD_SIZE];

    /* A blank that somebody at the ward has typed behind it is not said. */
    snprintf(word, sizeof(word), "%s", ward_document_text(patient, "check_word"));
    trim(word);
    if (*word == '\0' && given != NULL)
        return ward_ctl_fail("%s has no check word to compare with. Ask the ward, or leave --check-word out.",
                             id);
    if (*word == '\0') {
        fprintf(stderr, "%s has no check word: make sure by other means who is in front of you.\n", id);
        return WARD_CTL_DONE;
    }
    if (given != NULL)
        return is_same(given, word) ? WARD_CTL_DONE : refuse(id);
    if (isatty(STDIN_FILENO) == 1)
        return ask(patient, word);
    return ward_ctl_fail(
        "the check word of %s must be compared: give --check-word with what the patient says.", id);
}

int ward_check_word(sd_bus *bus, const char *patient, const char *given, bool *ret_admitted)
{
    char **texts = NULL;
    bool admitted = false;
    int status = ward_client_get(bus, "Patients", &texts);

    for (char **text = texts; status == WARD_CTL_DONE && *text != NULL; text++) {
        json_t *document = ward_document_parse(*text);

        if (strcmp(ward_document_text(document, "patient"), patient) == 0) {
            admitted = true;
            status = compare(document, given);
        }
        json_decref(document);
    }
    ward_client_free_texts(texts);
    if (ret_admitted != NULL)
        *ret_admitted = admitted;
    return status;
}
