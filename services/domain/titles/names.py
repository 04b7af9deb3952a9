"""Names of places, which may follow an absence ("Holiday in Spain"), and of people: data, and nothing else.

Phrases as in `words`. The countries and continents are those of Unicode's CLDR, as Babel ships it.
What differs in accents alone stands once.
"""

from __future__ import annotations

COUNTRIES = """
    Africa | North America | South America | Oceania | Western Africa | Central America | Eastern Africa |
    Northern Africa | Middle Africa | Southern Africa | Americas | Northern America | Caribbean | Eastern Asia |
    Southern Asia | Southeast Asia | Southern Europe | Australasia | Asia | Central Asia | Western Asia | Europe |
    Eastern Europe | Northern Europe | Western Europe | Latin America | Andorra | United Arab Emirates |
    Afghanistan | Antigua & Barbuda | Anguilla | Albania | Armenia | Angola | Antarctica | Argentina |
    American Samoa | Austria | Australia | Aruba | Åland Islands | Azerbaijan | Bosnia & Herzegovina | Barbados |
    Bangladesh | Belgium | Burkina Faso | Bulgaria | Bahrain | Burundi | Benin | St. Barthélemy | Bermuda |
    Brunei | Bolivia | Caribbean Netherlands | Brazil | Bahamas | Bhutan | Botswana | Belarus | Belize | Canada |
    Cocos Islands | Congo - Kinshasa | Central African Republic | Congo - Brazzaville | Switzerland |
    Côte d'Ivoire | Cook Islands | Chile | Cameroon | China | Colombia | Sark | Costa Rica | Cuba | Cape Verde |
    Curaçao | Christmas Island | Cyprus | Czechia | Germany | Djibouti | Denmark | Dominica | Dominican Republic |
    Algeria | Ceuta & Melilla | Ecuador | Estonia | Egypt | Western Sahara | Eritrea | Spain | Ethiopia |
    European Union | Finland | Fiji | Falkland Islands | Micronesia | Faroe Islands | France | Gabon |
    United Kingdom | Grenada | Georgia | French Guiana | Guernsey | Ghana | Gibraltar | Greenland | Gambia |
    Guinea | Guadeloupe | Equatorial Guinea | Greece | South Georgia & South Sandwich Islands | Guatemala | Guam |
    Guinea-Bissau | Guyana | Hong Kong SAR China | Honduras | Croatia | Haiti | Hungary | Canary Islands |
    Indonesia | Ireland | Israel | Isle of Man | India | British Indian Ocean Territory | Iraq | Iran | Iceland |
    Italy | Jersey | Jamaica | Jordan | Japan | Kenya | Kyrgyzstan | Cambodia | Kiribati | Comoros |
    St. Kitts & Nevis | North Korea | South Korea | Kuwait | Cayman Islands | Kazakhstan | Laos | Lebanon |
    St. Lucia | Liechtenstein | Sri Lanka | Liberia | Lesotho | Lithuania | Luxembourg | Latvia | Libya |
    Morocco | Monaco | Moldova | Montenegro | St. Martin | Madagascar | Marshall Islands | North Macedonia |
    Mali | Myanmar | Mongolia | Macao SAR China | Northern Mariana Islands | Martinique | Mauritania |
    Montserrat | Malta | Mauritius | Maldives | Malawi | Mexico | Malaysia | Mozambique | Namibia |
    New Caledonia | Niger | Norfolk Island | Nigeria | Nicaragua | Netherlands | Norway | Nepal | Nauru | Niue |
    New Zealand | Oman | Panama | Peru | French Polynesia | Papua New Guinea | Philippines | Pakistan | Poland |
    St. Pierre & Miquelon | Pitcairn Islands | Puerto Rico | Palestinian Territories | Portugal | Palau |
    Paraguay | Qatar | Réunion | Romania | Serbia | Russia | Rwanda | Saudi Arabia | Solomon Islands |
    Seychelles | Sudan | Sweden | Singapore | St. Helena | Slovenia | Svalbard & Jan Mayen | Slovakia |
    Sierra Leone | San Marino | Senegal | Somalia | Suriname | South Sudan | São Tomé & Príncipe | El Salvador |
    Sint Maarten | Syria | Eswatini | Turks & Caicos Islands | Chad | French Southern Territories | Togo |
    Thailand | Tajikistan | Tokelau | Timor-Leste | Turkmenistan | Tunisia | Tonga | Türkiye | Trinidad & Tobago |
    Tuvalu | Taiwan | Tanzania | Ukraine | Uganda | United States | Uruguay | Uzbekistan | Vatican City |
    St. Vincent & Grenadines | Venezuela | British Virgin Islands | U.S. Virgin Islands | Vietnam | Vanuatu |
    Wallis & Futuna | Samoa | Kosovo | Yemen | Mayotte | South Africa | Zambia | Zimbabwe |

    Afrika | Nordamerika | Südamerika | Ozeanien | Westafrika | Mittelamerika | Ostafrika | Nordafrika |
    Zentralafrika | Südliches Afrika | Amerika | Nördliches Amerika | Karibik | Ostasien | Südasien |
    Südostasien | Südeuropa | Australasien | Asien | Zentralasien | Westasien | Europa | Osteuropa | Nordeuropa |
    Westeuropa | Lateinamerika | Vereinigte Arabische Emirate | Antigua und Barbuda | Albanien | Armenien |
    Antarktis | Argentinien | Amerikanisch-Samoa | Österreich | Australien | Ålandinseln | Aserbaidschan |
    Bosnien und Herzegowina | Bangladesch | Belgien | Bulgarien | Brunei Darussalam | Bolivien |
    Karibische Niederlande | Brasilien | Botsuana | Kanada | Kokosinseln | Kongo-Kinshasa |
    Zentralafrikanische Republik | Kongo-Brazzaville | Schweiz | Cookinseln | Kamerun | Kolumbien | Kuba |
    Cabo Verde | Weihnachtsinsel | Zypern | Tschechien | Deutschland | Dschibuti | Dänemark |
    Dominikanische Republik | Algerien | Ceuta und Melilla | Estland | Ägypten | Westsahara | Spanien |
    Äthiopien | Europäische Union | Finnland | Fidschi | Falklandinseln | Mikronesien | Färöer | Frankreich |
    Gabun | Vereinigtes Königreich | Georgien | Französisch-Guayana | Grönland | Äquatorialguinea | Griechenland |
    Südgeorgien und die Südlichen Sandwichinseln | Sonderverwaltungsregion Hongkong | Kroatien | Ungarn |
    Kanarische Inseln | Indonesien | Irland | Indien | Britisches Territorium im Indischen Ozean | Irak | Island |
    Italien | Jamaika | Jordanien | Kenia | Kirgisistan | Kambodscha | Komoren | St. Kitts und Nevis | Nordkorea |
    Südkorea | Kaimaninseln | Kasachstan | Libanon | Litauen | Luxemburg | Lettland | Libyen | Marokko |
    Republik Moldau | Madagaskar | Marshallinseln | Nordmazedonien | Mongolei | Sonderverwaltungsregion Macau |
    Nördliche Marianen | Mauretanien | Malediven | Mexiko | Mosambik | Neukaledonien | Norfolkinsel |
    Niederlande | Norwegen | Neuseeland | Französisch-Polynesien | Papua-Neuguinea | Philippinen | Polen |
    St. Pierre und Miquelon | Pitcairninseln | Palästinensische Autonomiegebiete | Katar | Rumänien | Serbien |
    Russland | Ruanda | Saudi-Arabien | Salomonen | Seychellen | Schweden | Singapur | Slowenien |
    Spitzbergen und Jan Mayen | Slowakei | Südsudan | São Tomé und Príncipe | Syrien | Turks- und Caicosinseln |
    Tschad | Französische Süd- und Antarktisgebiete | Tadschikistan | Tunesien | Türkei | Trinidad und Tobago |
    Tansania | Vereinigte Staaten | Usbekistan | Vatikanstadt | St. Vincent und die Grenadinen |
    Britische Jungferninseln | Amerikanische Jungferninseln | Wallis und Futuna | Jemen | Südafrika | Sambia |
    Simbabwe |

    Afrique | Amérique du Nord | Amérique du Sud | Océanie | Afrique occidentale | Amérique centrale |
    Afrique orientale | Afrique septentrionale | Afrique centrale | Afrique australe | Amériques |
    Amérique septentrionale | Caraïbes | Asie de l'Est | Asie du Sud | Asie du Sud-Est | Europe du Sud |
    Australasie | Asie | Asie centrale | Asie de l'Ouest | Europe de l'Est | Europe du Nord | Europe de l'Ouest |
    Amérique latine | Andorre | Émirats arabes unis | Antigua-et-Barbuda | Albanie | Arménie | Antarctique |
    Argentine | Samoa américaines | Autriche | Australie | Îles Åland | Azerbaïdjan | Bosnie-Herzégovine |
    Barbade | Belgique | Bulgarie | Bahreïn | Saint-Barthélemy | Bermudes | Bolivie | Pays-Bas caribéens |
    Brésil | Bhoutan | Biélorussie | Îles Cocos | République centrafricaine | Suisse | Îles Cook | Chili |
    Cameroun | Chine | Colombie | Cap-Vert | Île Christmas | Chypre | Tchéquie | Allemagne | Dominique |
    République dominicaine | Algérie | Ceuta et Melilla | Équateur | Estonie | Égypte | Sahara occidental |
    Érythrée | Espagne | Éthiopie | Union européenne | Finlande | Fidji | Îles Malouines | Micronésie |
    Îles Féroé | Royaume-Uni | Grenade | Géorgie | Guyane française | Guernesey | Groenland | Gambie | Guinée |
    Guinée équatoriale | Grèce | Géorgie du Sud-et-les Îles Sandwich du Sud | Guinée-Bissau |
    R.A.S. chinoise de Hong Kong | Croatie | Hongrie | Îles Canaries | Indonésie | Irlande | Île de Man | Inde |
    Territoire britannique de l'océan Indien | Islande | Italie | Jamaïque | Jordanie | Japon | Kirghizstan |
    Cambodge | Comores | Saint-Christophe-et-Niévès | Corée du Nord | Corée du Sud | Koweït | Îles Caïmans |
    Liban | Sainte-Lucie | Lituanie | Lettonie | Libye | Maroc | Moldavie | Saint-Martin | Îles Marshall |
    Macédoine du Nord | Mongolie | R.A.S. chinoise de Macao | Îles Mariannes du Nord | Mauritanie | Malte |
    Maurice | Mexique | Malaisie | Namibie | Nouvelle-Calédonie | Île Norfolk | Pays-Bas | Norvège |
    Nouvelle-Zélande | Pérou | Polynésie française | Papouasie-Nouvelle-Guinée | Pologne |
    Saint-Pierre-et-Miquelon | Îles Pitcairn | Porto Rico | Territoires palestiniens | Palaos | La Réunion |
    Roumanie | Serbie | Russie | Arabie saoudite | Îles Salomon | Soudan | Suède | Singapour | Sainte-Hélène |
    Slovénie | Svalbard et Jan Mayen | Slovaquie | Saint-Marin | Somalie | Soudan du Sud | Sao Tomé-et-Principe |
    Salvador | Syrie | Îles Turques-et-Caïques | Tchad | Terres australes françaises | Thaïlande | Tadjikistan |
    Timor oriental | Tunisie | Turquie | Trinité-et-Tobago | Tanzanie | Ouganda | États-Unis | Ouzbékistan |
    État de la Cité du Vatican | Saint-Vincent-et-les Grenadines | Îles Vierges britanniques |
    Îles Vierges des États-Unis | Viêt Nam | Wallis-et-Futuna | Afrique du Sud | Zambie |

    América del Norte | Sudamérica | África occidental | Centroamérica | África oriental | África septentrional |
    África central | África meridional | América | Norteamérica | Caribe | Asia oriental | Asia meridional |
    Sudeste asiático | Europa meridional | Asia central | Asia occidental | Europa oriental |
    Europa septentrional | Europa occidental | Latinoamérica | Emiratos Árabes Unidos | Afganistán |
    Antigua y Barbuda | Anguila | Antártida | Samoa Americana | Islas Aland | Azerbaiyán | Bosnia y Herzegovina |
    Bangladés | Bélgica | Baréin | San Bartolomé | Bermudas | Caribe neerlandés | Brasil | Bután | Bielorrusia |
    Belice | Islas Cocos | República Democrática del Congo | República Centroafricana | Congo | Suiza |
    Islas Cook | Camerún | Curazao | Isla de Navidad | Chipre | Chequia | Alemania | Yibuti | Dinamarca |
    República Dominicana | Argelia | Ceuta y Melilla | Egipto | España | Etiopía | Unión Europea | Finlandia |
    Fiyi | Islas Malvinas | Islas Feroe | Francia | Reino Unido | Granada | Guayana Francesa | Groenlandia |
    Guadalupe | Guinea Ecuatorial | Grecia | Islas Georgia del Sur y Sandwich del Sur | Guinea-Bisáu |
    RAE de Hong Kong | Croacia | Hungría | Canarias | Irlanda | Isla de Man |
    Territorio Británico del Océano Índico | Islandia | Italia | Jordania | Kirguistán | Camboya | Comoras |
    San Cristóbal y Nieves | Corea del Norte | Corea del Sur | Islas Caimán | Kazajistán | Líbano | Santa Lucía |
    Lesoto | Lituania | Luxemburgo | Letonia | Libia | Marruecos | Moldavia | San Martín | Islas Marshall |
    Macedonia del Norte | RAE de Macao | Islas Marianas del Norte | Martinica | Mauricio | Maldivas | Malaui |
    Malasia | Nueva Caledonia | Isla Norfolk | Países Bajos | Noruega | Nueva Zelanda | Polinesia Francesa |
    Papúa Nueva Guinea | Filipinas | Polonia | San Pedro y Miquelón | Islas Pitcairn | Territorios Palestinos |
    Catar | Rumanía | Rusia | Arabia Saudí | Islas Salomón | Suecia | Santa Elena | Eslovenia |
    Svalbard y Jan Mayen | Eslovaquia | Sierra Leona | Surinam | Sudán del Sur | Santo Tomé y Príncipe | Siria |
    Esuatini | Islas Turcas y Caicos | Territorios Australes Franceses | Tailandia | Tayikistán | Túnez |
    Turquía | Trinidad y Tobago | Ucrania | Estados Unidos | Ciudad del Vaticano | San Vicente y las Granadinas |
    Islas Vírgenes Británicas | Islas Vírgenes de EE. UU. | Wallis y Futuna | Sudáfrica | Zimbabue |

    アフリカ | 北アメリカ大陸 | 南アメリカ | オセアニア | 西アフリカ | 中央アメリカ | 東アフリカ | 北アフリカ |
    中部アフリカ | 南部アフリカ | アメリカ大陸 | 北アメリカ | カリブ | 東アジア | 南アジア | 東南アジア |
    南ヨーロッパ | オーストララシア | アジア | 中央アジア | 西アジア | ヨーロッパ | 東ヨーロッパ | 北ヨーロッパ |
    西ヨーロッパ | ラテンアメリカ | アンドラ | アラブ首長国連邦 | アフガニスタン | アンティグア・バーブーダ |
    アンギラ | アルバニア | アルメニア | アンゴラ | 南極 | アルゼンチン | 米領サモア | オーストリア |
    オーストラリア | アルバ | オーランド諸島 | アゼルバイジャン | ボスニア・ヘルツェゴビナ | バルバドス |
    バングラデシュ | ベルギー | ブルキナファソ | ブルガリア | バーレーン | ブルンジ | ベナン |
    サン・バルテルミー | バミューダ | ブルネイ | ボリビア | オランダ領カリブ | ブラジル | バハマ | ブータン |
    ボツワナ | ベラルーシ | ベリーズ | カナダ | ココス諸島 | コンゴ民主共和国 | 中央アフリカ共和国 |
    コンゴ共和国 | スイス | コートジボワール | クック諸島 | チリ | カメルーン | 中国 | コロンビア | コスタリカ |
    キューバ | カーボベルデ | キュラソー | クリスマス島 | キプロス | チェコ | ドイツ | ジブチ | デンマーク |
    ドミニカ国 | ドミニカ共和国 | アルジェリア | セウタ・メリリャ | エクアドル | エストニア | エジプト |
    西サハラ | エリトリア | スペイン | エチオピア | 欧州連合 | フィンランド | フィジー | フォークランド諸島 |
    ミクロネシア連邦 | フェロー諸島 | フランス | ガボン | イギリス | グレナダ | ジョージア | 仏領ギアナ |
    ガーンジー | ガーナ | ジブラルタル | グリーンランド | ガンビア | ギニア | グアドループ | 赤道ギニア |
    ギリシャ | サウスジョージア・サウスサンドウィッチ諸島 | グアテマラ | グアム | ギニアビサウ | ガイアナ |
    中華人民共和国香港特別行政区 | ホンジュラス | クロアチア | ハイチ | ハンガリー | カナリア諸島 | インドネシア |
    アイルランド | イスラエル | マン島 | インド | 英領インド洋地域 | イラク | イラン | アイスランド | イタリア |
    ジャージー | ジャマイカ | ヨルダン | 日本 | ケニア | キルギス | カンボジア | キリバス | コモロ |
    セントクリストファー・ネーヴィス | 北朝鮮 | 韓国 | クウェート | ケイマン諸島 | カザフスタン | ラオス |
    レバノン | セントルシア | リヒテンシュタイン | スリランカ | リベリア | レソト | リトアニア | ルクセンブルク |
    ラトビア | リビア | モロッコ | モナコ | モルドバ | モンテネグロ | サン・マルタン | マダガスカル |
    マーシャル諸島 | 北マケドニア | マリ | ミャンマー | モンゴル | 中華人民共和国マカオ特別行政区 |
    北マリアナ諸島 | マルティニーク | モーリタニア | モントセラト | マルタ | モーリシャス | モルディブ |
    マラウイ | メキシコ | マレーシア | モザンビーク | ナミビア | ニューカレドニア | ニジェール | ノーフォーク島 |
    ナイジェリア | ニカラグア | オランダ | ノルウェー | ネパール | ナウル | ニウエ | ニュージーランド | オマーン |
    パナマ | ペルー | 仏領ポリネシア | パプアニューギニア | フィリピン | パキスタン | ポーランド |
    サンピエール島・ミクロン島 | ピトケアン諸島 | プエルトリコ | パレスチナ自治区 | ポルトガル | パラオ |
    パラグアイ | カタール | レユニオン | ルーマニア | セルビア | ロシア | ルワンダ | サウジアラビア |
    ソロモン諸島 | セーシェル | スーダン | スウェーデン | シンガポール | セントヘレナ | スロベニア |
    スバールバル諸島・ヤンマイエン島 | スロバキア | シエラレオネ | サンマリノ | セネガル | ソマリア | スリナム |
    南スーダン | サントメ・プリンシペ | エルサルバドル | シント・マールテン | シリア | エスワティニ |
    タークス・カイコス諸島 | チャド | 仏領極南諸島 | トーゴ | タイ | タジキスタン | トケラウ | 東ティモール |
    トルクメニスタン | チュニジア | トンガ | トルコ | トリニダード・トバゴ | ツバル | 台湾 | タンザニア |
    ウクライナ | ウガンダ | アメリカ合衆国 | ウルグアイ | ウズベキスタン | バチカン市国 |
    セントビンセント及びグレナディーン諸島 | ベネズエラ | 英領ヴァージン諸島 | 米領ヴァージン諸島 | ベトナム |
    バヌアツ | ウォリス・フツナ | サモア | コソボ | イエメン | マヨット | 南アフリカ | ザンビア | ジンバブエ
"""
"""Countries and continents: CLDR's territories in English, German, French, Spanish and Japanese."""

CITIES = """
    amsterdam | ankara | antwerp | antwerpen | anvers | athens | athen | athènes | atenas | auckland | bali |
    baltimore | bangalore | bangkok | barcelona | barcelone | basel | bâle | basilea | beijing | pékin | pekín |
    peking | belfast | belgrade | berlin | berlín | bern | berne | berna | bilbao | birmingham | bogotá |
    bologna | bologne | bolonia | bonn | bordeaux | boston | bratislava | bremen | brighton | bristol | bruges |
    brügge | brussels | brüssel | bruxelles | bruselas | bucharest | budapest | buenos aires | cairo | kairo |
    le caire | el cairo | calgary | cancún | cannes | cape town | kapstadt | le cap | ciudad del cabo | cardiff |
    casablanca | chicago | colmar | cologne | köln | colonia | copenhagen | kopenhagen | copenhague | córdoba |
    cork | dallas | davos | delhi | denver | detroit | dresden | dresde | dubai | dubaï | dubái | dublin |
    dublín | dubrovnik | düsseldorf | edinburgh | édimbourg | edimburgo | erfurt | essen | frankfurt | francfort |
    fráncfort | freiburg | fribourg | geneva | genf | genève | ginebra | genoa | genua | gênes | glasgow |
    gothenburg | göteborg | gran canaria | granada | graz | grenoble | guadalajara | hamburg | hambourg |
    hamburgo | hannover | hanoi | havana | havanna | la havane | la habana | heidelberg | helsinki | hiroshima |
    hong kong | honolulu | innsbruck | istanbul | estambul | jerusalem | kiev | kyiv | kyoto | krakow | krakau |
    cracovie | cracovia | kuala lumpur | la rochelle | las vegas | lausanne | leeds | leipzig | lille | lima |
    lisbon | lissabon | lisbonne | lisboa | liverpool | ljubljana | london | londres | los angeles | luzern |
    lucerne | lyon | madrid | málaga | malaga | manchester | manila | mannheim | marrakesh | marrakesch |
    marrakech | marseille | marsella | melbourne | mexico city | mexiko-stadt | miami | milan | mailand | milán |
    milano | monaco | montpellier | montreal | montréal | moscow | moskau | moscou | moscú | mumbai | munich |
    münchen | múnich | nagoya | nantes | naples | neapel | nápoles | napoli | new york | nueva york |
    new york city | nyc | nice | nizza | niza | nottingham | nuremberg | nürnberg | orlando | osaka | oslo |
    oxford | palermo | palma | palma de mallorca | paris | parís | perth | philadelphia | phoenix | pisa | porto |
    oporto | portland | prague | prag | praga | québec | quito | reims | rennes | reykjavik | riga | rio |
    rio de janeiro | rome | rom | roma | rotterdam | rostock | salamanca | salzburg | san diego | san francisco |
    san sebastián | donostia | santiago | santiago de chile | são paulo | sapporo | sarajevo | saragossa |
    zaragoza | seattle | seoul | seúl | séoul | seville | sevilla | séville | shanghai | singapore | sofia |
    split | stockholm | estocolmo | strasbourg | straßburg | estrasburgo | stuttgart | sydney | taipei | tallinn |
    tarragona | tel aviv | the hague | den haag | la haye | tokyo | tokio | toledo | toronto | toulouse | tolosa |
    trieste | tunis | turin | turín | utrecht | valencia | vancouver | venice | venedig | venise | venecia |
    verona | vienna | wien | vienne | viena | vilnius | warsaw | warschau | varsovie | varsovia | washington |
    zagreb | zürich | zurich | zúrich | 東京 | 大阪 | 京都 | 名古屋 | 札幌 | 神戸 | 横浜 | 仙台 | 鹿児島 |
    軽井沢 | 箱根 | 熱海 | 草津 | 日光 | ソウル | 釜山 | 台北 | 香港 | 上海 | 北京 | バンコク | シンガポール |
    ロンドン | パリ | ローマ | ベルリン | ニューヨーク | ロサンゼルス | サンフランシスコ | シドニー | ホノルル |
    バルセロナ | マドリード | ウィーン | ミュンヘン | プラハ
"""
"""Well-known cities."""

REGIONS = """
    uk | england | angleterre | inglaterra | scotland | schottland | écosse | escocia | wales | pays de galles |
    gales | usa | us | the us | états-unis | eeuu | ee uu | the netherlands | holland | hollande | holanda |
    turkey | türkei | turquie | czech republic | tschechische republik | balearics | balearen | baléares |
    baleares | balearic islands | canaries | kanaren | canary islands | islas canarias | canarias | mallorca |
    majorca | majorque | menorca | minorca | ibiza | eivissa | formentera | tenerife | teneriffa | lanzarote |
    fuerteventura | la palma | la gomera | el hierro | madeira | madère | azores | azoren | açores | algarve |
    sardinia | sardinien | sardaigne | cerdeña | sicily | sizilien | sicile | sicilia | corsica | korsika |
    corse | córcega | crete | kreta | crète | creta | rhodes | rhodos | corfu | korfu | corfou | santorini | kos |
    mykonos | cyclades | kykladen | tuscany | toskana | toscane | toscana | lombardy | südtirol | south tyrol |
    lake garda | gardasee | lac de garde | lago di garda | bodensee | lake constance | ostsee | nordsee |
    baltic sea | north sea | mer du nord | mar del norte | mediterranean | mittelmeer | méditerranée |
    mediterráneo | alps | the alps | alpen | alpes | alpi | pyrenees | pyrenäen | pyrénées | pirineos |
    dolomites | dolomiten | dolomitas | vosges | vogesen | jura | ardennes | ardennen | provence | côte d'azur |
    french riviera | riviera | bretagne | brittany | normandie | normandy | bourgogne | burgundy | alsace |
    elsass | alsacia | savoie | haute-savoie | auvergne | aquitaine | occitanie | languedoc | lorraine | vendée |
    landes | pays basque | dordogne | périgord | ardèche | réunion island | île de ré | île d'oléron | andalusia |
    andalusien | andalousie | andalucía | catalonia | katalonien | catalogne | cataluña | galicia | galicien |
    galice | asturias | asturien | cantabria | país vasco | basque country | baskenland | extremadura | navarra |
    aragón | murcia | costa brava | costa del sol | costa blanca | la rioja | castilla | bavaria | bayern |
    bavière | baviera | allgäu | schwarzwald | black forest | forêt-noire | harz | eifel | sauerland | sylt |
    rügen | usedom | norderney | borkum | juist | langeoog | föhr | amrum | helgoland | fehmarn |
    schleswig-holstein | mecklenburg | brandenburg | sachsen | thüringen | hessen | niedersachsen |
    rheinland-pfalz | saarland | baden-württemberg | nordrhein-westfalen | tirol | tyrol | steiermark | kärnten |
    burgenland | vorarlberg | salzkammergut | oberösterreich | niederösterreich | tessin | ticino | graubünden |
    wallis | valais | engadin | cornwall | devon | dorset | lake district | cotswolds | highlands |
    isle of wight | isle of skye | jersey | guernsey | ireland | lapland | lappland | laponie | laponia |
    scandinavia | skandinavien | scandinavie | escandinavia | balkans | balkan | istria | istrien | dalmatia |
    dalmatien | baltics | baltikum | benelux | patagonia | patagonien | patagonie | galápagos | amazon |
    california | kalifornien | californie | florida | texas | colorado | utah | nevada | arizona | oregon |
    hawaii | hawaï | hawái | alaska | new england | massachusetts | michigan | illinois | wisconsin | minnesota |
    montana | wyoming | idaho | louisiana | tennessee | kentucky | ohio | pennsylvania | new jersey |
    connecticut | vermont | new hampshire | maine | maryland | delaware | north carolina | south carolina |
    mississippi | alabama | arkansas | missouri | iowa | kansas | nebraska | oklahoma | new mexico | yosemite |
    yellowstone | grand canyon | cape cod | lake tahoe | ontario | british columbia | alberta | nova scotia |
    yucatán | caribbean | karibik | caraïbes | caribe | punta cana | maldives | malediven | maldivas | phuket |
    tasmania | queensland | kerala | goa | rajasthan | okinawa | hokkaido | kyushu | shikoku | zanzibar |
    sansibar | safari | normandía | bretaña | provenza | selva negra | abroad | overseas | ausland | étranger |
    extranjero | 沖縄 | 北海道 | 九州 | 四国 | 関西 | 関東 | 東北 | 石垣島 | 宮古島 | 屋久島 | 淡路島 | 伊豆 |
    岐阜 | 和歌山 | ハワイ | グアム | バリ | バリ島 | セブ | プーケット | モルディブ | ヨーロッパ | 欧州 |
    アメリカ | 海外 | 国内 | 実家 | 自宅 | 田舎 | 台湾 | 韓国 | 中国
"""
"""Regions, islands, coasts and mountains where people spend their holidays."""

SPOTS = """
    home | bed | lunch | lunchtime | notice | date | quarter | year | month | final | finales | principios |
    aviso | fin | début | ordre | weiteres | ende | anfang | mitte | hospital | the beach | the sea |
    the mountains | the countryside | the coast | the lake | the woods | sea | seaside | mountains | countryside |
    beach | abroad | hause | daheim | zuhause | meer | see | strand | bergen | berge | den bergen | land |
    dem land | krankenhaus | bett | küste | heimat | maison | montagne | mer | campagne | plage | hôpital | lit |
    bord de mer | côte | casa | playa | montaña | mar | campo | pueblo | costa | sierra | cama
"""
"""What is no proper name, and is a place or a time after a word such as "in", "at" or "until"."""

BOTH = """
    nice | réunion | jura | devon | dorset | orlando | porto | safari | turquie | reading | chad | tchad |
    jordan | georgia | israel | sofia | victoria | florence | sydney | austin | charlotte | carolina |
    north carolina | valencia | milan | dakota | virginia | lourdes | santiago | adelaide | alexandria | geneva |
    india | china | cuba | kenya | paris | vienna | vienne | madison | jackson | phoenix | chelsea | brooklyn |
    asia | america | africa | jersey | man | rio | roma | jamaica | vera | oman | guinea | mali | niger | martin |
    lucia | helena | kitts | split | essen | bath | cork | orange | mobile | tours | angers | land | see | mar |
    casa | campo | lit | cote | mer | sol | sur | natal | bar | rom | us | may | main | maine | kos | rhodes |
    home | sea | coast | beach | lake | turkey | holland | wales | london | brittany | normandy | lorraine |
    alberta | montana | dallas | savannah | catania | bari | java | amazon | perth | lima | quito | wien | berne |
    palma | colonia | granada | toledo | pisa | verona | la palma | curacao | macao | bergen | berge | bett |
    bed | hospital | pueblo | costa | sierra | cama
"""
"""Places that are also a person's name or an ordinary word: a place only after a word such as "in"."""


NOT_NAMES = """
    team | teams | everyone | everybody | all | company | companywide | office | staff | group | department | dept |
    project | client | clients | customer | customers | vendor | partner | partners | candidate | intern | interns |
    kids | kid | child | children | school | daycare | kindergarten | mom | mum | dad | wife | husband | family |
    nanny | dog | cat | hr | it | legal | finance | sales | marketing | engineering | support | ops | security |
    payroll | management | manager | board | meeting | meetings | call | calls | sync | standup | stand | retro |
    review | reviews | planning | plan | plans | planner | prep | prepare | preparation | handover | hand | handoff |
    cover | covers | covering | coverage | backup | contact | reachable | call | ask | policy | policies | process |
    training | workshop | webinar | demo | setup | set | up |
    session | seminar | conference | interview | onboarding | offboarding | lunch | dinner | breakfast | coffee |
    party | event | events | celebration | announcement | agenda | topic | topics | subject | discussion | discuss |
    talk | chat | update | updates | status | report | reports | reporting | request | requests | approval |
    approve | approved | pending | submit | enter | book | booking | log | track | tracker | tracking | schedule |
    calendar | reminder | remind | todo | task | tasks | deadline | due | check | checkin | checkout | confirm |
    confirmed | ask | decide | finalize | finalise | organize | organise | arrange | cancel | cancelled | canceled |
    declined | tentative | maybe | possible | possibly | hold | placeholder | tbc | tbd | tba | draft | fyi | info |
    note | notes | re | fw | fwd | aw | wg | urgent | important | private | busy | blocked | free | block | no |
    not | non | without | never | new | old | first | last | final | next | previous | post | pre | before | after |
    back | return | returning | catch | catchup | followup | follow | kickoff | kick | launch | release | sprint |
    budget | forecast | quarterly | monthly | weekly | daily | annual | yearly | global | internal | external |
    corporate | public | bank | national | federal | religious | summer | winter | spring | autumn | fall |
    christmas | easter | long | short | extended | paid | unpaid | doctor | dentist | appointment | visit | trip |
    travel | flight | drive | hotel | train | airport | payment | invoice | form | forms | email | message |
    responder | reply | auto | autoreply | system | tool | app | software | feature | bug | ticket | issue | test |
    tests | testing | beta | alpha | version | admin | owner | lead | leads | leader | design | product | data |
    research | survey | feedback | question | questions | rules | rule | guideline | guidelines | law | contract |
    balance | days | day | hours | time | week | weekend | month | year | hello | hi | welcome | good | bye |
    goodbye | happy | sad | my | your | our | their | his | her | its | me | you | we | they | us | who | what |
    when | where | why | how | can | could | should | would | will | must | may | need | needs | want | wants |
    take | takes | taking | get | getting | give | make | making | let | go | going | come | coming | work |
    working | feeling | feel | calling | be | being | been | was | were | is | are | do | does | did | done | have |
    has | had | use | using | add | adding | remove | delete | move | change | changes | start | starting | end |
    ending | about | during | while | if | because | for | from | with | to | by | at | of | on | in | and | or |
    but | the | this | that | these | those | some | any | more | most | less | only | just | also | than | then |
    now | today | tomorrow | yesterday | tonight | soon | later | early | late | please | thanks | thank | sorry |
    video | article | blog | chapter | case | cases | study | studies | cell | risk | camp | music | song | movie |
    film | game | golf | ski | beach | cruise | road | island | inn | home | homes | house | rental | rentals |
    city | gift | gifts | card | cards | shopping | decoration | photos | bonus | pay | sale | season | special |
    sick | vacation | holiday | leave | pto | ooo | absence | off | out | away | tour | spa | booked | open | closed

    | besprechung | termin | sitzung | treffen | jour | fixe | gespräch | telefonat | planung | urlaubsplanung |
    plan | vorbereitung | vorbereiten | nachbereitung | übergabe | vertretung | abstimmung | klärung | thema |
    themen | betreff | erinnerung | aufgabe | aufgaben | info | hinweis | antrag | anträge | antragstellung |
    freigabe | genehmigung | genehmigt | abgelehnt | abgesagt | einreichen | eintragen | beantragen | buchen |
    projekt | kunde | kunden | kundin | firma | büro | abteilung | alle | mitarbeiter | mitarbeiterin | kollege |
    kollegin | chef | personal | personalabteilung | betriebsrat | vertrieb | einkauf | schule | kita | kind |
    kinder | mama | papa | oma | opa | mutter | vater | familie | hund | katze | arzt | zahnarzt | tierarzt |
    handwerker | regelung | richtlinie | konzept | schulung | seminar | vortrag | feier | fest | essen |
    mittagessen | rückkehr | zurück | kein | keine | keinen | nicht | ohne | mein | meine | meinen | dein | unser |
    unsere | unseren | ihr | sein | ich | du | wir | sie | man | wer | was | wann | wo | warum | wie | ist | sind |
    war | hat | haben | kann | muss | soll | wird | werden | machen | gehen | kommen | neuer | neue | neues | alter |
    erster | erste | letzter | letzte | nach | vor | während | wegen | für | mit | und | oder | aber | der | die |
    das | ein | eine | noch | schon | bald | vielleicht | eventuell | evtl | vorläufig | anfrage | frage | fragen |
    rest | langer | kurzer | besuch | reise | urlaub | krank | abwesend | ferien | frei | offen | geschlossen |
    fällt | aus | privat

    | réunion | réunions | point | rendez | vous | rdv | atelier | entretien | appel | planification | planning |
    préparation | préparer | organisation | sujet | objet | rappel | tâche | demande | demandes | validation |
    valider | validé | refusé | annulé | annulée | poser | politique | projet | client | cliente | clients | équipe |
    tous | toutes | société | entreprise | bureau | service | rh | école | enfant | enfants | maman | papa |
    famille | chien | chat | médecin | dentiste | formation | fête | déjeuner | dîner | retour | pas | non | sans |
    mon | ma | mes | ton | notre | nos | votre | vos | leur | son | sa | ses | je | tu | il | elle | nous | ils |
    elles | qui | que | quoi | quand | où | pourquoi | comment | est | sont | sera | avant | après | pendant | pour |
    avec | et | ou | le | la | les | un | une | des | du | de | nouveau | nouvelle | dernier | dernière | premier |
    première | gestion | solde | question | questions | peut | être | privé | occupé | congé | vacances | absence |
    visite | voyage | suivi

    | reunión | reuniones | cita | llamada | entrevista | taller | planificación | planificar | preparación |
    preparar | organización | tema | asunto | recordatorio | tarea | solicitud | solicitudes | solicitar |
    aprobación | aprobar | aprobado | rechazado | cancelado | cancelada | política | proyecto | cliente | clienta |
    clientes | equipo | todos | todas | empresa | oficina | departamento | rrhh | colegio | escuela | niño | niña |
    niños | mamá | papá | familia | perro | gato | médico | dentista | formación | fiesta | comida | cena | regreso |
    vuelta | no | sin | mi | mis | tu | tus | su | sus | nuestro | nuestra | yo | él | ella | nosotros | ellos |
    quién | qué | cuándo | dónde | cómo | es | está | son | antes | después | durante | para | por | con | y | o |
    el | la | los | las | un | una | nuevo | nueva | último | última | primer | primero | primera | gestión | saldo |
    pregunta | preguntas | quizás | privado | ocupado | vacaciones | baja | ausencia | visita | viaje | seguimiento |
    revisión | dar | darse

    | 会議 | 打合せ | 打ち合わせ | 打合わせ | 定例 | 面談 | 面接 | 相談 | 確認 | 申請 | 承認 | 承認済み | 調整 |
    予定 | 計画 | 準備 | 引継ぎ | 引き継ぎ | 連絡 | 報告 | 共有 | 説明 | 説明会 | 研修 | 勉強会 | 制度 | 規定 |
    規程 | 管理 | 取得 | 案件 | 顧客 | お客様 | 取引先 | 部署 | 全員 | 全社 | 会社 | 本社 | 工場 | 店舗 | 学校 |
    保育園 | 子供 | 子ども | 家族 | 人事 | 総務 | 営業 | 開発 | 件 | リマインド | メモ | 仮 | 未定 | 中止 |
    キャンセル | 私用 | 復帰 | 明け | 前 | 後 | レビュー | ミーティング | チーム | プロジェクト | 梅雨 | 臨時 |
    長期 | 短期 | 昼
"""
"""Ordinary words of titles: with one of these in it, what stands before an absence is no person's name."""

GIVEN_NAMES = """
    adam adrian ahmed aidan akira alan alba albert alberto alejandra alejandro alex alexander alexandra alexandre
    alexis alfred ali alice alicia alina alison amanda amelie amy ana andre andrea andreas andres andrew andy angela
    anita anja ann anna anne annette annie anthony antje antoine anton antonio arnaud arthur astrid audrey axel
    barbara beate ben benjamin bernard bernd bettina bill bob boris brian brigitte bruno camille carl carla carlos
    carmen carol carolina caroline catherine cecile celine charles charlie chloe chris christian christiane
    christina christine christoph christophe christopher claire clara claude claudia claus clemence cristina daisuke
    daniel daniela dave david denis diana diego dieter dirk dominik dominique eduardo edward elena elisa elisabeth
    elizabeth ella emil emilie emily emma enrique eric erik erika ernst esther ethan eva fabian fatima felix
    fernando florian francis francisco francois frank franz fred frederic gabriel gabriela gary georg george gerd
    gerhard gilles gonzalo grace greg guillaume gunter hanna hannah hannes hans harald harry haruka heather heike
    heinz helen helena helene helga helmut henrik henry herbert hiroshi holger hugo ian ignacio ingo ingrid irene
    isabel isabelle ivan jack jacob jacques jakob james jan jane jasmin jason javier jay jean jeff jennifer jenny
    jens jeremy jerome jessica jesus jim jo joachim joan joanna joao joe joel johan johanna johannes john johnny jon
    jonas jonathan jordi jorg jorge jose josef joseph juan juana judith julia julian julie julien jurgen justin
    karen karin karl karsten kate katharina katherine kathrin kathy katja katrin kazuki keiko ken kenji kerstin
    kevin kim klaus kristin kurt laetitia lars laura laurent lea lena leo leon leonie lisa louis louise lucas lucia
    lucie luis luisa lukas luke madeleine manfred manuel manuela marc marcel marco marcos margaret margit maria
    marie marina mario marion mark marko markus marlene marta martha martin martina mary mateo mathias mathieu matt
    matthew matthias maurice max maxime melanie mercedes michael michaela michel michelle miguel mike milena mohamed
    mohammed monica monika moritz muhammad nadine nancy naomi natalia natalie nathalie nick nicolas nicole niels
    nils nina noah nora norbert olaf oliver olivia olivier omar oscar otto pablo pamela pascal patricia patrick paul
    paula pauline pedro peter petra philip philipp philippe pierre pilar priya rachel rafael rainer ralf ramon
    raquel raul rebecca regina renate rene ricardo richard rob robert roberto robin rodrigo roger roland rolf romain
    ron rosa rudolf ruth ryan sabine sabrina sakura sally sam samantha samuel sandra sara sarah satoshi scott sean
    sebastian sebastien sergio sharon silke silvia simon simone sofia sonia sonja sophia sophie stefan stefanie
    steffen stephan stephane stephanie stephen steve steven sue susan susanne sven sylvia sylvie takashi takeshi
    tanja taro ted teresa thierry thomas thorsten tim timo tina tobias todd tom tomas toni tony torsten udo ulrich
    ulrike ursula ute uwe valerie vanessa vera veronica veronique vicente victor viktor vincent virginie walter wei
    wendy werner wilhelm will william wolfgang xavier yannick yasmin yoko yuki yuko yumi yves zoe
"""
"""Names that people are known to have, folded: where nothing else tells a name from a word."""
