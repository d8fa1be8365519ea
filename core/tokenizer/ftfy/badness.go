package ftfy

// Classes of characters that occur in mojibake, and single characters that its rules name (facts of ftfy.badness).
const (
	common set = 1 << iota // appear everywhere
	c1                     // C1 controls, of no use but in mojibake
	bad                    // hardly ever meant
	law                    // § and ¶
	currency
	startPunct // opens something
	endPunct   // closes something
	numeric
	kaomoji // accented letters that faces are made of
	upperAccented
	lowerAccented
	upperCommon // letters that may well end a word
	lowerCommon
	box // line drawing
	upperASCII
	lowerASCII
	plainSpace     // U+0020
	space          // Python's \s
	word           // Python's \w
	stop           // . , ? !
	oe             // Œ œ
	degree         // °
	micro          // µ
	aCircumflex    // Â
	aTilde         // Ã
	icelandic      // Î Ð
	afterIcelandic // what follows Â Ã Î Ð in Windows-1252 mojibake
	times          // ×
	superscript    // ² ³
	arabicLead     // Ø Ù
	afterArabic    // what follows those
	indicLead      // à
	afterIndic     // what follows it
	root           // √
	afterRoot      // what follows it in MacRoman mojibake
	almostEqual    // ≈
	cent           // ¢
	lowQuote       // ‚
	aDiaeresis     // Ä
	macTrail       // what follows ‚Ä
	macLead        // â ó
	macAfterLead   // what follows ‚â and ‚ó
	cyrillicVe     // в
	cyrillicDje    // Ђ
	cyrillicLead   // В Г Р С
	cyrillicGhe    // Г
	cyrillicShortU // ў
	cyrillicCapVe  // В
	greekBeta      // β
	euro           // €
	afterGreek     // what follows β€
	greekLead      // Β Γ Ξ Ο
	notLetter      // any character but an ASCII letter
	inLine         // any character but a line feed
)

const (
	letterASCII = upperASCII | lowerASCII
	accented    = lowerAccented | upperAccented
	punct       = startPunct | endPunct
)

// members lists the characters of each class; a hyphen stands for all between its neighbours.
var members = []struct {
	class      set
	characters string
}{
	{common, "\u00a0\u00ad·´–—―…’"},
	{c1, "\u0080-\u009f"},
	{bad, "¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\ufffdªº"},
	{law, "¶§"},
	{currency, "¢£¥₧€"},
	{startPunct, "¡«¿©΄΅‘‚“„•‹\uf8ff"},
	{endPunct, "®»˝”›™"},
	{numeric, "²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№"},
	{kaomoji, "Ò-ÖÙ-Üò-öø-üŐŌŪŲ°"},
	{upperAccented, "À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"},
	{lowerAccented, "ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ"},
	{upperCommon, "ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я"},
	{lowerCommon, "α-ωάέήίΰа-џ"},
	{box, "│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓"},
	{upperASCII, "A-Z"},
	{lowerASCII, "a-z"},
	{plainSpace, " "},
	{stop, ".,?!"},
	{oe, "Œœ"},
	{degree, "°"},
	{micro, "µ"},
	{aCircumflex, "Â"},
	{aTilde, "Ã"},
	{icelandic, "ÎÐ"},
	{afterIcelandic, "€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´"},
	{times, "×"},
	{superscript, "²³"},
	{arabicLead, "ØÙ"},
	{afterArabic, "ŸŠ®°µ»"},
	{indicLead, "à"},
	{afterIndic, "²µ¹¼½¾"},
	{root, "√"},
	{afterRoot, "±∂†≠®™´≤≥¥µø"},
	{almostEqual, "≈"},
	{cent, "¢"},
	{lowQuote, "‚"},
	{aDiaeresis, "Ä"},
	{macTrail, "ìîïòôúùû†°¢π"},
	{macLead, "âó"},
	{macAfterLead, "àä°ê"},
	{cyrillicVe, "в"},
	{cyrillicDje, "Ђ"},
	{cyrillicLead, "ВГРС"},
	{cyrillicGhe, "Г"},
	{cyrillicShortU, "ў"},
	{cyrillicCapVe, "В"},
	{greekBeta, "β"},
	{euro, "€"},
	{afterGreek, "™\u00a0Ά\u00ad®°"},
	{greekLead, "ΒΓΞΟ"},
}

// rules are the sequences that hardly occur in text that means what it says. Two of the original's alternatives, Ã before
// U+00A0 or ¡ and ā€, are among the others and left out.
var rules = []pattern{
	{c1},
	{bad | accented | box | punct | currency | numeric | law, bad},
	{letterASCII, lowerCommon | upperCommon, bad},
	{bad, accented | box | punct | currency | numeric | law},
	{lowerAccented | lowerCommon | box | endPunct | currency | numeric, upperAccented},
	{box | endPunct | currency | numeric, lowerAccented},
	{lowerAccented | box | endPunct, currency},
	{space, upperAccented, currency},
	{upperAccented | box, numeric | law},
	{accented | box | currency | endPunct, startPunct, numeric},
	{accented | currency | numeric | box | law, endPunct, startPunct},
	{currency | numeric | box, startPunct},
	{lowerASCII, upperAccented, startPunct | currency},
	{box, kaomoji},
	{accented | currency | numeric | punct | law, box},
	{box, endPunct},
	{accented, punct, word},
	{oe, notLetter},
	{upperAccented, degree},
	{aCircumflex | aTilde | icelandic, afterIcelandic | punct},
	{times, superscript},
	{arabicLead, arabicTrail, arabicLead, arabicTrail},
	{indicLead, afterIndic},
	{root, afterRoot},
	{almostEqual, degree | cent},
	{lowQuote, aDiaeresis, macTrail},
	{lowQuote, macLead, macAfterLead},
	{cyrillicVe, cyrillicDje},
	{cyrillicLead, c1 | bad | punct | currency | degree | micro, cyrillicLead},
	{cyrillicGhe, cyrillicShortU, cyrillicCapVe, cyrillicDje, cyrillicCapVe, inLine, letterASCII | plainSpace},
	{lowerASCII, aTilde | aCircumflex, plainSpace},
	{lowerASCII, space, aTilde | aCircumflex, plainSpace},
	{lowerASCII | stop | endPunct, aCircumflex, plainSpace | punct},
	{greekBeta, euro, afterGreek},
	{greekLead, c1 | bad | punct | currency | degree, greekLead},
}

const arabicTrail = common | currency | bad | numeric | startPunct | afterArabic

// atStart is a rule that holds for the beginning of a text only.
var atStart = pattern{aTilde | aCircumflex, plainSpace}
