; setup.exe: one user without rights by default, the whole machine with /ALLUSERS. What it takes: docs/operating.md.
; Given by installer/nsis.py: VERSION, FILE_VERSION, BUNDLE, PROGRAM, CLI, LAUNCHERS (a folder, may be missing),
; ICON, BITMAP, KILOBYTES, LONGEST (characters of the longest path under app\), OUTPUT; SIGN (a command) when it is signed; FAST for tests.
Target amd64-unicode ; the 32-bit stub would need a 32-bit Windows part that Wine lacks here
Unicode true
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 32
!endif

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\SoPhuong"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define OLDEST_BUILD 17763 ; Windows 10 1809
!define IDENTITY "SoPhuong.Workspace" ; what the taskbar knows window and shortcut by
!define WAIT_SECONDS 5 ; a silent setup waits so long for the program to be closed

; exit codes; 1 and 2 are NSIS's own: cancelled by a person, and stopped without a reason of ours
!define CODE_WINDOWS 10
!define CODE_RIGHTS 11
!define CODE_FOLDER 12
!define CODE_WRITE 13
!define CODE_NEWER 14
!define CODE_TWICE 15
!define CODE_MSI 16
!define CODE_OPEN 17

Name "Sổ Phường"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\SoPhuong"
RequestExecutionLevel user
ManifestSupportedOS Win10
ManifestLongPathAware true
ManifestDPIAware true
AllowSkipFiles off
ShowInstDetails nevershow
ShowUninstDetails nevershow
BrandingText "Sổ Phường ${VERSION}"

Var AllUsers ; "1": the whole machine
Var Config ; the rollout.toml to lay beside the program, or empty
Var LogPath
Var Start ; what the shortcuts start
Var WasThere ; "1": an installation that this one changes
Var Updates ; where updates without rights lie for this user
Var Data ; the user's own data
Var BackgroundRan ; "1": background sync was told to end

!include LogicLib.nsh
!include FileFunc.nsh
!include WordFunc.nsh
!include WinVer.nsh
!include MUI2.nsh
!include Sections.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_CUSTOMFUNCTION_ABORT NoteCancelled
!define MUI_WELCOMEPAGE_TITLE "$(WELCOME_TITLE)"
!define MUI_WELCOMEPAGE_TEXT "$(WELCOME_TEXT)"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${BITMAP}"
!define MUI_UNWELCOMEFINISHPAGE_BITMAP "${BITMAP}"
!define MUI_COMPONENTSPAGE_NODESC
!define MUI_FINISHPAGE_NOAUTOCLOSE
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_FUNCTION StartProgram
!define MUI_FINISHPAGE_RUN_TEXT "$(START_NOW)"
!insertmacro MUI_PAGE_WELCOME
!define MUI_PAGE_CUSTOMFUNCTION_PRE AskUntilClosed
!insertmacro MUI_PAGE_COMPONENTS
!define MUI_PAGE_CUSTOMFUNCTION_PRE AskFolder
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE CheckFolder
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Vietnamese"
!insertmacro MUI_LANGUAGE "English"

VIProductVersion "${FILE_VERSION}"
!macro Describe language about
  VIAddVersionKey /LANG=${language} "ProductName" "Sổ Phường"
  VIAddVersionKey /LANG=${language} "FileDescription" "${about}"
  VIAddVersionKey /LANG=${language} "CompanyName" "Sổ Phường"
  VIAddVersionKey /LANG=${language} "LegalCopyright" "Apache-2.0"
  VIAddVersionKey /LANG=${language} "FileVersion" "${VERSION}"
  VIAddVersionKey /LANG=${language} "ProductVersion" "${VERSION}"
!macroend
!insertmacro Describe ${LANG_VIETNAMESE} "Bộ cài Sổ Phường"
!insertmacro Describe ${LANG_ENGLISH} "Sổ Phường setup"

!include words.nsh
!include log.nsh
!include options.nsh
!include running.nsh
!include shortcuts.nsh
!include files.nsh
!include hub.nsh
!include remove.nsh

Section "$(PART_PROGRAM)" PartProgram
  SectionIn RO
  AddSize ${KILOBYTES}
  Call CheckFolder
  Call WaitUntilClosed
  Call LayProgram
  Call LayConfig
  Call LayStart
  Call WriteUninstall
SectionEnd

Section "$(PART_DESKTOP)" PartDesktop
  !insertmacro Shortcut "$DESKTOP\Sổ Phường.lnk"
SectionEnd

Section /o "$(PART_AUTOSTART)" PartAutostart
  WriteRegStr SHCTX "${RUN_KEY}" "SoPhuong" '"$Start" --background'
  !insertmacro Log "OK" "$(DONE_AUTOSTART)"
SectionEnd

!insertmacro HubSection

!include checks.nsh ; names the parts

Section "-end"
  Call RemoveOlder
  Call StartBackgroundAgain
  !insertmacro Log "OK" "$(DONE_ALL)"
SectionEnd

!ifdef SIGN
!uninstfinalize '${SIGN} "%1"' = 0
!endif
