"""Closes, one function each, the gaps of ministack 1.5.33 that this product would notice.

`apply_all` runs before the emulator serves. After every deployment `local.assertions` checks what
the patches promise, so a new version of ministack cannot quietly lose one. Known gaps that stay:
no throttling by rate, no stream retries, no dead letter queue of the scheduler, no access logs,
alarms over several metrics never ring, a default host that is off still answers, TTL is on at once
(AWS takes up to an hour), a pipe that keeps failing is never stopped (a test stops
it by hand), and a failed asynchronous invocation is not repeated (the setting is asserted).
"""

from local.emulator import clock_patches, function_patches, http_patches, resource_patches


def apply_all() -> None:
    """Patch the imported ministack; call it once, before it serves."""
    resource_patches.give_parameters_to_the_sam_transform()
    resource_patches.enable_time_to_live()
    resource_patches.keep_protected_tables()
    resource_patches.deliver_pipes_to_event_buses()
    resource_patches.accept_metric_math_alarms()
    http_patches.import_http_api_documents()
    http_patches.answer_not_found_for_unknown_routes()
    http_patches.answer_500_for_unhandled_errors()
    http_patches.correct_http_events()
    function_patches.name_function_urls_in_hex()
    function_patches.wait_less_for_log_lines()
    function_patches.run_functions_on_the_bare_interpreter()
    clock_patches.follow_the_stacks_clock()
    function_patches.bound_the_processes()
    function_patches.unpack_each_package_once()
