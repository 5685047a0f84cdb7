; The log that IT reads: UTF-16 text, a line for each step: moment, OK | NOTE | ERROR, what. Appended to; begun anew past 1 MB.

!macro DefineLog un
Function ${un}WriteLog ; pops what, then how
  Exch $0
  Exch
  Exch $1
  Push $2
  Push $3
  Push $4
  Push $5
  Push $6
  Push $7
  Push $8
  Push $9
  ${GetTime} "" "L" $2 $3 $4 $5 $6 $7 $8 ; day month year weekday hour minute second
  ClearErrors
  FileOpen $9 "$LogPath" a
  ${IfNot} ${Errors}
    FileSeek $9 0 END $5
    ${If} $5 > 1000000
      FileClose $9
      FileOpen $9 "$LogPath" w
      StrCpy $5 0
    ${EndIf}
    ${If} $5 == 0
      FileWriteUTF16LE /BOM $9 ""
    ${EndIf}
    FileWriteUTF16LE $9 "$4-$3-$2 $6:$7:$8 $1 $0$\r$\n"
    FileClose $9
  ${EndIf}
  ClearErrors
  Pop $9
  Pop $8
  Pop $7
  Pop $6
  Pop $5
  Pop $4
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd
!macroend
!insertmacro DefineLog ""
!insertmacro DefineLog "un."

!macro Log how what
  Push "${how}"
  Push "${what}"
  !ifdef __UNINSTALL__
  Call un.WriteLog
  !else
  Call WriteLog
  !endif
!macroend

; the end: a line in the log, a sentence for whoever sits there, and the code for whoever does not
!macro Fail code what
  !insertmacro Log "ERROR" "${what} (${code})"
  MessageBox MB_OK|MB_ICONSTOP "${what}" /SD IDOK
  SetErrorLevel ${code}
  Quit
!macroend

; on a page: said, and the page stays
!macro BadFolder code what
  ${If} ${Silent}
    !insertmacro Fail ${code} "${what}"
  ${EndIf}
  MessageBox MB_OK|MB_ICONEXCLAMATION "${what}"
  Abort
!macroend
