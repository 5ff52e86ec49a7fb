<?php
// Fills WordPress with the articles of a JSON file: seed.php SITE JSON
wp_set_current_user( 1 );
kses_remove_filters();
foreach ( get_posts( array( 'post_type' => 'any', 'numberposts' => -1 ) ) as $post ) {
	wp_delete_post( $post->ID, true );
}
update_option( 'blogname', 'Heldere Overheid' );
update_option( 'blogdescription', 'Over brieven, formulieren en loketten' );
wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Over dit netwerk', 'post_content' => 'Wie wij zijn.' ) );
foreach ( json_decode( file_get_contents( end( $argv ) ), true ) as $article ) {
	$login  = sanitize_title( $article['author'] );
	$author = username_exists( $login ) ?: wp_insert_user( array(
		'user_login' => $login, 'user_pass' => wp_generate_password(), 'display_name' => $article['author'], 'role' => 'author',
		'description' => $article['author'] . ' werkt aan begrijpelijke dienstverlening en schrijft daar elke maand over.',
	) );
	$post = wp_insert_post( wp_slash( array(
		'post_status' => 'publish', 'post_title' => $article['title'], 'post_name' => $article['slug'],
		'post_content' => $article['html'], 'post_excerpt' => $article['description'], 'post_author' => $author,
		'post_date' => $article['date'] . ' 09:00:00', 'tags_input' => $article['tags'], 'comment_status' => 'open',
	) ), true );
	wp_set_object_terms( $post, $article['section'], 'category' );
	wp_insert_comment( array(
		'comment_post_ID' => $post, 'comment_author' => 'Karin', 'comment_approved' => 1, 'comment_date' => $article['date'] . ' 12:00:00',
		'comment_content' => 'Dank voor het delen! Bij ons in de gemeente liepen we tegen hetzelfde aan, en het duurde ruim een jaar voordat iemand er iets aan deed.',
	) );
}
