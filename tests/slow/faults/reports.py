"""Public reports of faults in uploads, of this and similar tools, and the tests for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """A public report.

    :param issues: where it was reported.
    :param situation: what the users met.
    :param result: what this package does.
    :param tests: the tests.
    :param missing: the public interface of libcloud or of the store that is missing to do
        better; empty if the report is closed.
    """

    issues: str
    situation: str
    result: str
    tests: tuple[str, ...]
    missing: str = ""


_COMMAND = "tests/command/test_"
_SWIFT = "tests/swift/test_"
_ERRORS = f"{_COMMAND}store_errors.py::test_"
_ETAGS = f"{_SWIFT}media_types_and_etags.py::test_"
_OPTIONS = f"{_SWIFT}store_options.py::test_"
_EMPTY = f"{_COMMAND}empty_uploads.py::test_"
_CONNECTIONS = f"{_COMMAND}store_connections.py::test_"
_INTERRUPTED = "tests/slow/kill/test_replacements.py::test_"

#: The reports, numbered in order.
REPORTS: Sequence[Report] = (
    Report(
        "bandersnatch 1611, kg-obo 26",
        "pip cannot use the index page of a cloud store",
        "the page is text/html, hash files are text/plain",
        (
            f"{_ETAGS}media_types_of_pages_and_hash_files",
            f"{_ETAGS}page_of_host_alone_is_replaced_by_html",
            f"{_ETAGS}media_types_on_azure",
            f"{_CONNECTIONS}media_types_with_every_provider",
        ),
    ),
    Report(
        "libcloud 1401, s3cmd 611",
        "etags of encrypted buckets are not MD5",
        "the artifact's own metadata decide; an unknown etag says nothing",
        (
            f"{_ETAGS}etag_other_than_md5_does_not_mean_other_bytes",
            f"{_ETAGS}multipart_object_of_another_tool_is_recognized",
            f"{_ETAGS}swift_large_object_is_recognized",
        ),
    ),
    Report(
        "opensre 5595, libcloud 1202",
        "etags of Azure are not MD5",
        "the MD5 or the hash file decides; equal bytes are never sent again",
        (
            f"{_ETAGS}etag_other_than_md5_does_not_mean_other_bytes",
            f"{_ETAGS}equal_blob_without_md5_is_never_refused",
        ),
    ),
    Report(
        "cf-ips-to-hcloud-fw 1446, java-slack-sdk 566",
        "a secret with a line end is printed",
        "white space at the ends is removed; secrets are never printed",
        (
            f"{_COMMAND}hostile_uploads.py::test_secret_is_stripped_of_white_space",
            f"{_COMMAND}hostile_uploads.py::test_unsendable_secret_is_not_printed",
            f"{_ERRORS}unusual_secret_is_one_line_with_every_provider",
        ),
    ),
    Report(
        "rclone 2018, swauth 35",
        "a token expires during the upload",
        "the token is renewed, and the request is repeated once",
        (
            f"{_SWIFT}tokens.py::test_token_that_expires_is_renewed",
            f"{_SWIFT}tokens.py::test_token_that_expires_before_a_large_body_is_renewed",
        ),
    ),
    Report(
        "upload-nightly-action 77, trezor-suite 30090",
        "a replacement fails halfway",
        "the previous hash file is put back; a fetch gets the previous artifact",
        (
            f"{_SWIFT}replacements.py::test_artifact_over_the_quota_leaves_the_previous_pair",
            f"{_INTERRUPTED}each_put_that_is_interrupted_each_time",
            f"{_INTERRUPTED}credentials_that_are_withdrawn",
            f"{_INTERRUPTED}random_interruptions",
        ),
    ),
    Report(
        "wheelhouse-uploader 30 and 31, internetarchive 188",
        "an upload hangs",
        "every request has limits, and is repeated within --wait",
        (
            "tests/unit/stores/test_limits.py::test_put_that_is_not_answered_ends",
            "tests/unit/stores/test_limits.py::test_every_request_of_an_upload_has_a_limit",
        ),
    ),
    Report(
        "arrow 45222, scikit-learn 18788 and 29295, gh-action-pypi-publish 199",
        "nothing is uploaded, because the folder is empty or nested",
        "exit code 4; folders with artifacts are named",
        (
            f"{_EMPTY}empty_folder_is_exit_4",
            f"{_EMPTY}folders_with_artifacts_are_named",
            f"{_EMPTY}skipped_file_that_looks_like_an_artifact_is_exit_4",
        ),
    ),
    Report(
        "assembl 771",
        "an empty wheel is published",
        "refused with cause not-a-distribution",
        (f"{_COMMAND}soundness.py::test_file_that_is_not_what_its_name_says_is_not_sent",),
    ),
    Report(
        "TheRock 777, aws-sdk-java 2128",
        "S3 reads a plus sign in a URL as a space",
        "a fetch encodes plus signs, and so do pages on S3",
        (
            f"{_COMMAND}plus_signs.py::test_fetch_from_server_that_reads_plus_as_space",
            f"{_COMMAND}plus_signs.py::test_pip_installs_from_both_pages",
            f"{_ETAGS}local_version_is_fetched_from_page",
        ),
    ),
    Report(
        "awless 223, cloudbridge 35, NDI-matlab 978",
        "artifacts over 5 GB",
        "refused with one line before anything of the artifact is sent",
        (
            f"{_ERRORS}file_over_limit_of_one_request_is_one_line",
            f"{_OPTIONS}limit_of_swift_is_respected_before_anything_is_sent",
        ),
    ),
    Report(
        "trezor-suite 30090, spack-infrastructure 1276",
        "the session token of S3 expires",
        "the message says so, and names the option",
        (
            f"{_ERRORS}s3_error_has_advice_and_words_of_store",
            f"{_ERRORS}wrong_credentials_send_nothing",
        ),
    ),
    Report(
        "obsidian-s3-sync 78",
        "a store does not support If-None-Match",
        "the object is looked up first, and a note says so",
        (
            f"{_ETAGS}no_replace_on_store_without_conditional_puts",
            f"{_ETAGS}no_replace_on_azure_is_best_effort",
        ),
    ),
    Report(
        "alibuild 301, dvc 2287",
        "the folders of one user lock out another one",
        "modes follow the container",
        (
            "tests/users/test_shared_folders.py::test_two_users_replace_and_add_artifacts",
            "tests/users/test_shared_folders.py::test_modes_follow_the_folder_and_the_umask",
        ),
    ),
    Report(
        "scipp 3558",
        "a new nightly build is pruned at once",
        "builds of the upload are kept",
        (
            f"{_COMMAND}dev_builds.py::test_uploaded_dev_build_is_never_pruned",
            f"{_COMMAND}dev_builds.py::test_keep_dev_builds",
        ),
    ),
    Report(
        "nextcloud/server 7070",
        "status 413 because of a quota",
        "the message names both, and has the store's words",
        (f"{_ERRORS}swift_error_has_advice_and_words_of_store",),
    ),
    Report(
        "libcloud 1949, cassandra-medusa 556",
        "regions that libcloud does not know",
        "the message has the recipe, which works",
        (
            f"{_OPTIONS}region_that_libcloud_does_not_know",
            "tests/docs/test_stores_page.py::test_recipe_connects_to_named_host",
        ),
    ),
    Report(
        "libcloud 2077",
        "proxy variables, and exceptions from them",
        "both spellings are followed",
        (f"{_CONNECTIONS}proxy_variables_apply_to_stores",),
    ),
    Report(
        "python-swiftclient",
        "application credentials and other domains of Keystone",
        "both work, and are documented",
        (
            f"{_SWIFT}tokens.py::test_documented_application_credential",
            f"{_SWIFT}tokens.py::test_user_of_another_domain_of_keystone",
        ),
    ),
    Report(
        "configure-aws-credentials",
        "session tokens of S3",
        "sent, signed, and documented",
        (
            f"{_CONNECTIONS}session_token_is_sent_and_signed",
            f"{_OPTIONS}session_token_of_s3",
        ),
    ),
    Report(
        "boto3 4398, pulpcore 6469",
        "stores refuse the newer checksum headers of S3",
        "there are none; Content-MD5 protects each body",
        (f"{_CONNECTIONS}s3_puts_have_no_newer_checksums",),
    ),
    Report(
        "minio 21425",
        "an object is stored, and the answer is lost",
        "the object is looked at before it is sent again",
        (
            f"{_COMMAND}store_retries.py::test_put_whose_answer_was_lost_is_not_repeated",
            f"{_COMMAND}store_retries.py::test_put_that_a_gateway_lost_is_not_repeated",
        ),
    ),
    Report(
        "arrow 34687",
        "a container with more objects than one page of a listing",
        "the listing is read to its end, once",
        (
            f"{_OPTIONS}bucket_with_several_pages_in_its_listing",
            f"{_SWIFT}uploads.py::test_many_dev_wheels_list_large_container_once",
        ),
    ),
    Report(
        "libcloud, about names",
        "free-threaded, PyPy, Pyodide, iOS and RISC-V tags, epochs, build tags, dots, capitals",
        "uploaded and fetched",
        (f"{_CONNECTIONS}unusual_names_are_uploaded_and_fetched",),
    ),
    Report(
        "twine 921, setuptools 3593",
        "several sdists of one version",
        "a note names them",
        (f"{_COMMAND}name_collisions.py::test_several_sdists_of_one_version_are_named",),
    ),
    Report(
        "s3pypi 84, pytorch/test-infra 8238, fvdb-core 647",
        "Cache-Control of the index page",
        "--driver-option page_header",
        (f"{_OPTIONS}headers_of_s3_objects", f"{_OPTIONS}headers_of_azure_blobs"),
    ),
    Report(
        "s3pypi 71, whotracks.me 217",
        "ACL and encryption headers",
        "--driver-option object_header",
        (
            f"{_OPTIONS}headers_of_s3_objects",
            f"{_OPTIONS}headers_of_swift_objects",
            f"{_OPTIONS}invalid_header_is_refused",
        ),
    ),
    Report(
        "s3-plugin-webpack 28",
        "credentials that may only write",
        "sent without a listing; a note says what was not checked",
        (
            f"{_ERRORS}user_who_may_only_write_uploads_without_looking",
            f"{_OPTIONS}user_of_swift_who_may_only_write",
        ),
    ),
    Report(
        "warehouse 8254, piwheels 393",
        "signatures and metadata of a replaced wheel",
        "left alone, and named in a note",
        (
            f"{_COMMAND}outdated_files.py::test_files_of_a_replaced_artifact_are_named",
            f"{_COMMAND}outdated_files.py::test_files_of_a_pruned_dev_build_are_named",
        ),
    ),
    Report(
        "hash files of other tools",
        "a hash file with bare digits, or in another form",
        "read; one that contradicts the artifact is named",
        (
            f"{_COMMAND}stray_hash_files.py::test_right_hash_file_of_another_tool_is_left",
            f"{_COMMAND}stray_hash_files.py::test_foreign_hash_file_is_named_and_the_advice_works",
        ),
    ),
)

#: Maximum number of reports that may be open.
MOST_OPEN = 4


def open_reports() -> Mapping[int, str]:
    """Return the numbers of the open reports, with the interface that each one lacks."""
    return {number: each.missing for number, each in enumerate(REPORTS, 1) if each.missing}


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: reports, situation, result and tests."""
    for report in REPORTS:
        missing = f"; open, because this is missing: {report.missing}" if report.missing else ""
        tests = ", ".join(f"``{test}``" for test in report.tests)
        yield report.issues, report.situation, report.result + missing, tests
