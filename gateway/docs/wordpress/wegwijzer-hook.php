<?php
/**
 * Plugin Name: Wegwijzer hook
 * Description: Tells Wegwijzer which posts changed, so that its search results follow within seconds.
 * License: EUPL-1.2
 *
 * Copy this file to wp-content/mu-plugins/ and set in wp-config.php:
 *
 *     define('WEGWIJZER_HOOK_URL', 'https://zoek.example.nl/hooks/site');
 *     define('WEGWIJZER_HOOK_SECRET', '…the secret of the source, at least 16 characters…');
 *
 * In a multisite network, WEGWIJZER_HOOK_URL can be an array: number of the site => URL.
 *
 * The body has type and number of each object, nothing of its content. Wegwijzer then reads the object
 * from the REST API, as any visitor could. A request that is lost only delays a change until the next
 * regular run.
 */

defined('ABSPATH') || exit;

final class Wegwijzer_Hook {
	/** Objects that changed during this request, by type and number. */
	private static $changes = [];
	/** Whether anything may have changed, such as the name of a term. */
	private static $is_unknown = false;

	public static function register() {
		if (!defined('WEGWIJZER_HOOK_URL') || !defined('WEGWIJZER_HOOK_SECRET')) {
			return;
		}
		add_action('transition_post_status', [self::class, 'status_changed'], 10, 3);
		add_action('before_delete_post', [self::class, 'deleted'], 10, 2);
		foreach (['edited_term', 'delete_term', 'profile_update', 'edit_attachment'] as $action) {
			add_action($action, [self::class, 'anything_changed'], 10, 0);
		}
		add_action('shutdown', [self::class, 'send'], 10, 0);
	}

	public static function status_changed($new, $old, $post) {
		if ($new === 'publish' || $old === 'publish') {
			self::add($post);
		}
	}

	public static function deleted($id, $post) {
		if ($post->post_status === 'publish') {
			self::add($post);
		}
	}

	public static function anything_changed() {
		self::$is_unknown = true;
	}

	private static function add($post) {
		$type = get_post_type_object($post->post_type);
		if (!$type || !$type->public || wp_is_post_revision($post)) {
			return;
		}
		self::$changes["$post->post_type/$post->ID"] = ['type' => $post->post_type, 'id' => (int) $post->ID];
	}

	public static function send() {
		if (!self::$changes && !self::$is_unknown) {
			return;
		}
		$url = WEGWIJZER_HOOK_URL;
		if (is_array($url)) {
			$url = $url[get_current_blog_id()] ?? null;
		}
		if (!$url) {
			return;
		}
		// The editor does not wait for the request.
		if (function_exists('fastcgi_finish_request')) {
			fastcgi_finish_request();
		}
		$body = wp_json_encode(self::$is_unknown ? new stdClass() : ['changes' => array_values(self::$changes)]);
		wp_remote_post($url, [
			'body' => $body,
			'headers' => [
				'Content-Type' => 'application/json',
				'X-Hub-Signature-256' => 'sha256=' . hash_hmac('sha256', $body, WEGWIJZER_HOOK_SECRET),
			],
			'timeout' => 3,
			'blocking' => false,
			'redirection' => 0,
		]);
		self::$changes = [];
		self::$is_unknown = false;
	}
}

Wegwijzer_Hook::register();
