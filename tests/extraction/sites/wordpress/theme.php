<?php
// Switches the theme, with widgets for themes that have them: theme.php SITE NAME
$name = end( $argv );
delete_site_option( 'allowedthemes' );
update_site_option( 'allowedthemes', array( $name => true ) );
switch_theme( $name );
update_option( 'widget_block', array(
	2 => array( 'content' => '<!-- wp:search {"label":"Zoeken"} /-->' ),
	3 => array( 'content' => '<!-- wp:heading --><h2>Recente berichten</h2><!-- /wp:heading --><!-- wp:latest-posts /-->' ),
	4 => array( 'content' => '<!-- wp:heading --><h2>Recente reacties</h2><!-- /wp:heading --><!-- wp:latest-comments /-->' ),
	5 => array( 'content' => '<!-- wp:heading --><h2>Onderwerpen</h2><!-- /wp:heading --><!-- wp:tag-cloud /-->' ),
	'_multiwidget' => 1,
) );
update_option( 'sidebars_widgets', array( 'wp_inactive_widgets' => array(), 'sidebar-1' => array( 'block-2', 'block-3', 'block-4', 'block-5' ), 'array_version' => 3 ) );
